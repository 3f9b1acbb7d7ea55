"""One finished run: is its artifact a release? Accepted and put on record, or refused and told (row R1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.decide import release as judge
from bot.decide.component_tags import parse_component_tags
from bot.decide.names import RELEASE_CHECK
from bot.errors import ArtifactRefused, UserError
from bot.model.action import CheckRun, CommentOnCommit
from bot.model.facts import Repository, Unknown, WorkflowRun
from bot.model.image import ComponentTags
from bot.model.policy import Environment, Policy, Source
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Release
from bot.model.subject import Subject, environment
from bot.run.acts import Cause, carry_out
from bot.run.artifact import ARTIFACT_LIMIT, changed_since, note_change
from bot.run.hotfix import declare
from bot.run.house import House, note
from bot.run.identity import note_impostor

NOT_SETTLED = frozenset({"not_completed"})
"""Refusals that the same attempt may outgrow; they are not remembered."""
TOLD_IN_LEDGER_ONLY = NOT_SETTLED | {
    "event_not_allowed",
    "branch_not_allowed",
    "foreign_head",
    "not_successful",
    "stale_run",
}
"""Everyday refusals (a pull request's run, a red build): a check run on each such commit would be noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A config repository that lists the app repository among its sources."""

    repository: Repository
    policy: Policy
    sources: tuple[Source, ...]
    """Those of its sources that are the app repository."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A run that is judged, with what judging it needs."""

    house: House
    subject: Subject
    github: GitHub
    app: Repository
    run: WorkflowRun
    delivery_id: str | None
    """The delivery that hinted at it; None for the sweep."""


def judge_run(case: Case, configs: Sequence[Config]) -> str:
    """Judges one run by each config repository's rules; the first that accepts it records the release."""
    house, subject, github, app, run = case.house, case.subject, case.github, case.app, case.run
    outcome = "not ours"
    recorded = house.store.releases.of_run(app.id, run.id, run.attempt) if case.delivery_id else None
    for config in configs:
        judged = judge.judge_run(run, app.id, config.sources)
        if isinstance(judged, judge.NotOurs):
            continue
        if recorded is not None and isinstance(judged, judge.Accepted):
            changed = changed_since(github, app, run, judged.source, recorded)
            if changed is not None:
                return note_change(house, subject, run, changed, case.delivery_id)
        if house.store.releases.was_judged(app.id, run.id, run.attempt):
            known = recorded or house.store.releases.of_run(app.id, run.id, run.attempt)
            if known is not None and isinstance(judged, judge.Accepted):
                _hand_on(case, config, known, hotfix=judged.hotfix)
            outcome = "judged before"
            continue
        if isinstance(judged, judge.Refused):
            outcome = _refuse(case, judged.code, judged.message)
            continue
        try:
            release = _release(case, judged.source, config, hotfix=judged.hotfix)
        except UserError as error:
            code = error.code if isinstance(error, ArtifactRefused) else "bad_artifact"
            outcome = _refuse(case, code, str(error))
            continue
        source = judged.source
        anew = source.repository_id is not None
        pinned = house.store.pins.pin(config.repository.id, source.repository, app.id, anew=anew)
        if pinned != app.id:
            note_impostor(house, subject, app, config.repository, pinned)
            outcome = "refused: impostor"
            continue
        outcome = _accept(case, config, release, hotfix=judged.hotfix)
    return outcome


def _release(case: Case, source: Source, config: Config, *, hotfix: bool) -> Release:
    """Everything behind the run: order, artifact, content. Raises ArtifactRefused, with a reason code."""
    house, github, app, run = case.house, case.github, case.app, case.run
    kind = judge.branch_kind(source, run.branch)
    recent = house.store.releases.recent(app.id, source.name)
    # Hotfixes of two branches do not follow each other: the one that was built first may end last.
    newest = next(
        (
            each
            for each in recent
            if judge.branch_kind(source, each.branch) == kind
            and (kind == "release" or each.branch == run.branch)
        ),
        None,
    )
    if judge.is_stale(run, newest):
        raise ArtifactRefused(
            f"run {run.number} is older than a run whose release was accepted already; going back is a rollback",
            code="stale_run",
        )
    artifact = judge.choose_artifact(
        github.artifacts(app.full_name, run.id, source.artifact), source.artifact, run
    )
    if isinstance(artifact, judge.Refused):
        raise ArtifactRefused(artifact.message, code=artifact.code)
    zipped = github.download(app.full_name, artifact, ARTIFACT_LIMIT)
    tags = parse_component_tags(house.read_artifact(zipped))
    refused = judge.judge_tags(tags, run, source, config.policy.sources)
    refused = refused or _another_image(house, tags, source, judge.entered(config.policy, hotfix=hotfix))
    if refused is not None:
        raise ArtifactRefused(refused.message, code=refused.code)
    return judge.make_release(
        run,
        source,
        tags,
        artifact_sha256=hashlib.sha256(zipped).hexdigest(),
        installation_id=case.subject.installation_id,
        repository=app.full_name,
        at=house.clock(),
    )


def _another_image(
    house: House, tags: ComponentTags, source: Source, entered: Sequence[Environment]
) -> judge.Refused | None:
    """What a registry says against the build, where an environment that it enters wants it asked. One that does not
    answer says nothing here: the gate `image` holds the pull request until it does."""
    if not judge.asks_registry(entered):
        return None
    for name, tag in sorted(tags.items()):
        found = house.readers.image(source.components[name], tag.digest, tag.tag, house.clock())
        if isinstance(found, Unknown):
            return None
        refused = judge.judge_digest(name, tag, found)
        if refused is not None:
            return refused
    return None


def _accept(case: Case, config: Config, release: Release, *, hotfix: bool) -> str:
    house, brought = case.house, ", ".join(sorted(release.components))
    with house.store.together():
        note(
            house,
            case.subject,
            "release_accepted",
            "done",
            f"run {release.run_number} of {release.repository} hands over {brought}",
            head_sha=release.head_sha,
            delivery_id=case.delivery_id,
            details={
                "release": release.id,
                "run_url": release.run_url,
                "artifact_sha256": release.artifact_sha256,
                "began": case.run.source_since.isoformat(),
            },
            once=f"release_accepted {release.id}",
        )
        house.store.releases.accept(release)
    _hand_on(case, config, release, hotfix=hotfix)
    return f"accepted {release.id}"


def _hand_on(case: Case, config: Config, release: Release, *, hotfix: bool) -> None:
    """To where it enters; a hotfix is declared as one there."""
    entrances = judge.entered(config.policy, hotfix=hotfix)
    if hotfix and any(each.hotfix.entrance for each in entrances):
        declare(case.house, case.subject, config.repository.id, release)
    for entrance in entrances:
        wake(case.house.store, environment(case.subject.installation_id, config.repository.id, entrance.name))


def _refuse(case: Case, code: str, message: str) -> str:
    """Tells the author on the commit, then the ledger; on record last, because what is on record is not told again."""
    house, run = case.house, case.run
    if code not in TOLD_IN_LEDGER_ONLY:
        _tell(case, code, message)
    with house.store.together():
        note(
            house,
            case.subject,
            code,
            "refused",
            message,
            head_sha=run.head_sha,
            delivery_id=case.delivery_id,
            details={"run_url": run.url, "attempt": run.attempt},
        )
        if code not in NOT_SETTLED:
            house.store.releases.refuse(case.app.id, run.id, run.attempt, code, house.clock())
    return f"refused: {code}"


def _tell(case: Case, code: str, message: str) -> None:
    run = case.run
    check = CheckRun(
        name=RELEASE_CHECK,
        head_sha=run.head_sha,
        status="completed",
        conclusion="failure",
        title=f"Nothing was promoted: {message}"[:250],
        summary=(
            f"Lockstep did not take the release of [run {run.number}]({run.url}): {message}\n\n"
            f"Reason code: `{code}`. Mend it and run the workflow again."
        ),
    )
    telling = CommentOnCommit(because=message, repository=case.app.full_name, check=check)
    cause = Cause(subject=case.subject, delivery_id=case.delivery_id)
    carry_out(case.house, cause, case.app, [telling])
