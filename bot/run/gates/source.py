"""The source gate: the promoted releases, and how their commits relate to what the target environment runs now."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.content import Problem, images_now
from bot.decide.gates import Gated
from bot.decide.gates import source as source_gate
from bot.errors import UserError
from bot.model.facts import Unknown
from bot.model.measurements import Compared, SourceReading
from bot.model.release import PromotionKind, Release
from bot.run.compared import compared
from bot.run.gates.question import Question


def source(question: Question) -> Gated:
    """Each component's release, compared with the release that the base branch's values files run: one request a pair
    of commits, and none when both are the same commit."""
    gate = question.environment.gates.source
    if gate is None:
        raise UserError("the gate is not set")
    running, owed = _running(question), _owed(question)
    readings = [
        SourceReading(
            component=name,
            digest=tag.digest,
            release=(release := bringing(question, name)),
            owed=name in running and (name, running[name].head_sha) in owed,
            compared=_compared(question, release, running[name])
            if name in running and (name, running[name].head_sha) not in owed
            else None,
        )
        for name, tag in sorted(question.promotion.components.items())
    ]
    return source_gate.source(gate, question.source, readings)


def bringing(question: Question, component: str) -> Release:
    """The promoted release that handed the digest over, else the first, which then is blamed for it."""
    digest = question.promotion.components[component].digest
    for release in question.releases:
        tag = release.components.get(component)
        if tag is not None and tag.digest == digest:
            return release
    return question.releases[0]


def _running(question: Question) -> Mapping[str, Release]:
    """The accepted release of what each component runs in the target by the base branch; raises UserError when the
    values files cannot be read."""
    components = tuple(question.promotion.components)
    now = images_now(question.environment, components, question.snapshot.base_files)
    if isinstance(now, Problem):
        raise UserError(f"what {question.environment.name} runs now could not be read: {now.message}")
    digests = {name: image.digest for name, image in now.items() if image.digest}
    app = question.releases[0].source_repository_id
    known = question.house.store.releases.by_digest(app, set(digests.values()))
    return {name: known[digest] for name, digest in digests.items() if digest in known}


def _owed(question: Question) -> frozenset[tuple[str, str]]:
    """Component and commit of each hotfix that the environment owes an ordinary promotion: `debt` asks about it, so
    that one answer, and one override, is enough."""
    promotion = question.promotion
    if promotion.kind is not PromotionKind.PROMOTION:
        return frozenset()
    return frozenset(
        (each.component, each.fix_sha)
        for each in question.house.store.debts.active(promotion.config_repository_id)
        if each.environment == question.environment.name
    )


def named_now(question: Question, release: Release) -> str:
    """A release's repository as it is called now."""
    repository = question.house.store.repositories.find(release.source_repository_id)
    return repository.full_name if repository else release.repository


def _compared(question: Question, release: Release, running: Release) -> Compared | Unknown:
    repository, name = release.source_repository_id, named_now(question, release)
    base, head = running.head_sha, release.head_sha
    return question.once(
        ("compare", repository, base, head),
        lambda: compared(question.house, question.github, repository, name, base, head, question.now),
    )
