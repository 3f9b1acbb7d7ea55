"""A wish to go back becomes a pull request, once nothing stands in its way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from bot.decide import names
from bot.decide.content import Problem, images_now
from bot.decide.opening import Proposal, holds, opening
from bot.decide.rollback import Bump, Lock, Plan, Refused, RollbackFacts, chosen, locked, plan
from bot.decide.rollback.choosing import in_the_way
from bot.model.action import Action, AddLabels
from bot.model.facts import Pull
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion, Release
from bot.model.subject import Subject
from bot.run.acts import carry_out
from bot.run.house import House
from bot.run.identity import app_of
from bot.run.rollback.recording import cause_of, recorded, shut, turned_down


def open_one(
    house: House, subject: Subject, github: GitHub, facts: RollbackFacts, read: Collection[str]
) -> str:
    """Opens the pull request of a wish, or says why not; an empty text when its branch was not read yet."""
    branch = names.rollback_branch(facts.environment.name, facts.record.id)
    found = _planned(house, subject, github, facts, known=branch in read)
    if found is None:
        wake(house.store, subject)
        return ""
    if isinstance(found, Lock):
        return shut(house, subject, facts, found)
    if isinstance(found, Refused):
        return turned_down(house, subject, github, facts.record, found)
    standing = facts.snapshot.pulls.get(branch)
    paths = {each.file for each in facts.environment.values}
    right = holds(facts.snapshot, branch, paths, found.content.files)
    labels = (names.ROLLBACK_LABEL, names.environment_label(facts.environment.name))
    if standing is not None and standing.author.id == github.bot_id and right:
        # A crash left it off the record, and maybe without its labels.
        cause, repository = cause_of(subject, facts.record), facts.snapshot.repository
        carry_out(house, cause, repository, _labelled(standing, labels))
        return recorded(house, subject, github, facts, found, standing.number, standing.head_sha)
    proposal = Proposal(
        branch=branch,
        because=f"{found.title}: {facts.record.ask.reason}",
        title=found.title,
        body=found.body,
        message=found.message,
        files=found.content.files,
        labels=labels,
    )
    actions = opening(facts.snapshot, proposal, bot_id=github.bot_id, holds=right)
    if actions is None:
        why = f"The branch {branch} exists and was not written by Lockstep. Delete it, then ask again."
        return turned_down(house, subject, github, facts.record, Refused(code="stranger", why=why))
    receipts = carry_out(house, cause_of(subject, facts.record), facts.snapshot.repository, actions)
    made = receipts[-1].result
    return recorded(house, subject, github, facts, found, int(made["number"]), str(made["head_sha"]))


def _labelled(standing: Pull, labels: tuple[str, ...]) -> Sequence[Action]:
    lacking = tuple(each for each in labels if each not in standing.labels)
    why = "a rollback carries them"
    adding = AddLabels(because=why, number=standing.number, node_id=standing.node_id, labels=lacking)
    return (adding,) if lacking else ()


def _planned(
    house: House, subject: Subject, github: GitHub, facts: RollbackFacts, *, known: bool
) -> Plan | Refused | Lock | None:
    """The plan for what was asked, once nothing stands in the way; None when its branch was not read. GitHub is asked
    last."""
    promotion = chosen(facts)
    if isinstance(promotion, Refused):
        return promotion
    held = locked(facts, promotion)
    if held is not None:
        return held
    refused = None if facts.record.ask.automatic else in_the_way(facts, promotion)
    if refused is not None:
        return refused
    return planned(house, subject, github, facts, promotion) if known else None


def planned(
    house: House, subject: Subject, github: GitHub, facts: RollbackFacts, promotion: Promotion
) -> Plan | Refused:
    """What undoing this promotion comes to, by Git and the record."""
    bump = _bump(github, facts, promotion)
    if isinstance(bump, Refused):
        return bump
    known = _known(house, subject, facts, bump)
    return plan(replace(facts, known=known), bump)


def _bump(github: GitHub, facts: RollbackFacts, promotion: Promotion) -> Bump | Refused:
    """What the promotion's one commit changed, by Git."""
    repository, number = facts.snapshot.repository, promotion.pull_number
    seen = github.pull(repository.id, number, files=())
    if seen is None or seen.pull.merge_sha is None or not seen.head.parents:
        return Refused(code="unreadable", why=f"GitHub does not tell which commit #{number} became.")
    paths = sorted({each.file for each in facts.environment.values})
    files = github.files(repository.full_name, seen.head.parents[0], paths)
    before = images_now(facts.environment, tuple(promotion.components), files)
    return Bump(
        promotion=promotion,
        merge_sha=seen.pull.merge_sha,
        before={} if isinstance(before, Problem) else before,
    )


def _known(house: House, subject: Subject, facts: RollbackFacts, bump: Bump) -> Mapping[str, Release]:
    source = facts.policy.source(bump.promotion.source)
    app = app_of(house, subject.installation_id, facts.snapshot.repository.id, source) if source else None
    if source is None or app is None:
        return {}
    running = images_now(facts.environment, tuple(source.components), facts.snapshot.files)
    images = [*bump.before.values(), *(running.values() if not isinstance(running, Problem) else ())]
    digests = {each.digest for each in images if each.digest}
    digests |= {tag.digest for each in facts.landed for tag in each.components.values()}
    return house.store.releases.by_digest(app.id, digests)
