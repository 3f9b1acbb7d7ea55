"""A look at a pull request of a config repository: its commands, its verdicts, its merge, and what follows it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from bot.decide.pull import WRITING, PullDecision, PullFacts, being_written, opened_by_us
from bot.model.action import Action, EnqueuePull, MergePull, Receipt, SetCheck
from bot.model.delivery import StoredDelivery
from bot.model.facts import PullState
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject, environment, pull
from bot.run import (
    approvals,
    approvals_kept,
    deploying,
    evidence,
    exceptions,
    guards,
    merge_group,
    notify,
    rules_change,
    validation,
)
from bot.run.acts import Cause, carry_out
from bot.run.commands import Look, closed_by, obey
from bot.run.ended import ended
from bot.run.house import House, Looked, note, whole
from bot.run.pull import refusal
from bot.run.pull.facts import decide_on, decided, measured_facts, read
from bot.run.spoofed import note_spoofed


def look_pull(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Obeys the commands that came in, then judges the pull request as it stands now."""
    config = {repository.id for repository in house.store.repositories.config_of(subject.installation_id)}
    judged_before = house.store.promotions.by_pull(subject.repository, subject.number) is not None
    if deliveries:
        validation.wake_concerned(house, subject)
    if subject.repository not in config and not judged_before:
        validation.hand_over(house, subject, deliveries)
        return Looked(outcome="skipped: not a config repository")
    github = house.github(subject.installation_id)
    seen = read(house, github, subject)
    if seen is None:
        return Looked(outcome="skipped: the pull request does not exist")
    snapshot, ruling, promotion = seen
    elsewhere = snapshot.pull.base_ref != snapshot.repository.default_branch
    approvals.retargeted(house, subject.repository, subject.number, deliveries, away=elsewhere)
    if promotion is None:
        rules_change.remember_pushes(house, subject.repository, subject.number, deliveries)
    if elsewhere:
        return Looked(outcome="skipped: not for the default branch")

    @functools.cache
    def measured() -> PullFacts:
        return measured_facts(house, subject, github, snapshot, ruling, promotion, happened=bool(deliveries))

    @functools.cache
    def judged() -> tuple[PullFacts, PullDecision]:
        return decide_on(house, subject, github, measured())

    look = Look(
        house=house,
        subject=subject,
        github=github,
        snapshot=snapshot,
        policy=ruling.policy,
        promotion=promotion,
        measured=measured,
        decided=lambda: judged()[1],
    )
    obey(look, deliveries)
    if snapshot.pull.state is not PullState.OPEN:
        closing = closed_by(look, deliveries)
        return ended(house, subject, github, snapshot, ruling.policy, promotion, closing)
    return _judged(house, subject, github, snapshot, promotion, judged, deliveries)


def _judged(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: PullSnapshot,
    promotion: Promotion | None,
    judged: Callable[[], tuple[PullFacts, PullDecision]],
    deliveries: Sequence[StoredDelivery],
) -> Looked:
    if being_written(snapshot, promotion, github.bot_id):
        _wait_for_record(house, subject, snapshot)
        return Looked(outcome="waits for the record of what Lockstep is writing")
    facts, decision = judged()
    approvals_kept.remember(house, subject, facts, decision.approvals, deliveries)
    if promotion is not None and decision.approvals is not None:
        deploying.approved(house, subject.repository, subject.number, decision.approvals.verdict)
    exceptions.remember(house, subject, facts, decision)
    guards.remember(house, facts)
    notify.remember_waits(house, subject, facts, decision)
    note_spoofed(house, subject, facts, deliveries)
    evidence.remember(house, snapshot, decision.evidence)
    _note_verdicts(house, subject, promotion, decision)
    group = merge_group.checks(house, github, facts, decision, _another(house, subject, github))
    shown = tuple(action for action in decision.actions if not isinstance(action, MergePull | EnqueuePull))
    merges = len(shown) < len(decision.actions)
    # Showing takes time in which a hold, new rules or a red check may come: what is merged was read after that.
    if merges and _shows_green(snapshot, shown):
        # Measured values differ a little in each look: to show each of them first would put the merge off for ever.
        actions, shown = decision.actions[len(shown) :], ()
    else:
        actions = shown if shown else decision.actions
    receipts = carry_out(house, Cause(subject=subject), snapshot.repository, [*group, *actions])
    merge_group.remember(house, facts, decision, receipts)
    if shown and merges:
        wake(house.store, subject)
        return Looked(outcome=f"shown, merged after one more look; {_sentence(decision)}")
    if promotion is not None and (decision.rebuild or _is_elsewhere(snapshot, promotion)):
        wake(house.store, environment(subject.installation_id, snapshot.repository.id, promotion.environment))
    if promotion is None and opened_by_us(snapshot, github.bot_id):
        # Either its event overtook the record, or a crash left the record out; the environment's look knows.
        name = snapshot.pull.head_ref.split("/")[1]
        wake(house.store, environment(subject.installation_id, snapshot.repository.id, name))
    if _merged(receipts):
        wake(house.store, subject)
        return Looked(outcome="merged")
    if refusal.remember(house, snapshot, receipts):
        wake(house.store, subject)
    return Looked(outcome=_sentence(decision))


@whole
def _note_verdicts(
    house: House, subject: Subject, promotion: Promotion | None, decision: PullDecision
) -> None:
    """The ledger has each answer of a question about a promotion that is another than the one before: who counts
    failures by their kind counts these."""
    if promotion is None:
        return
    key = f"verdicts:{subject.repository}:{subject.number}"
    now = {each.gate: each.outcome.value for each in decision.verdicts}
    before = house.store.marks.get(key) or {}
    changed = {gate: outcome for gate, outcome in now.items() if before.get(gate) != outcome}
    if changed:
        note(
            house, subject, "verdicts", "done", _sentence(decision),
            pull_number=promotion.pull_number, head_sha=promotion.head_sha,
            details={"environment": promotion.environment, "changed": changed},
        )  # fmt: skip
        house.store.marks.put(key, {**before, **now})


def _another(house: House, subject: Subject, github: GitHub) -> merge_group.Judge:
    """Judges another pull request of the same repository, as its own look would."""

    def judge(number: int) -> tuple[PullFacts, PullDecision] | None:
        other = pull(subject.installation_id, subject.repository, number)
        seen = read(house, github, other)
        return decided(house, other, github, *seen, happened=False) if seen else None

    return judge


def _shows_green(snapshot: PullSnapshot, shown: Sequence[Action]) -> bool:
    """Whether GitHub shows success already on every check run that would be renewed: only their words differ."""
    green = {each.name for each in snapshot.own_checks if each.conclusion == "success"}
    return all(
        isinstance(each, SetCheck) and each.check.name in green and each.check.conclusion == "success"
        for each in shown
    )


def _wait_for_record(house: House, subject: Subject, snapshot: PullSnapshot) -> None:
    """The environment's look records what it wrote and wakes this one; a later look makes sure."""
    name = snapshot.pull.head_ref.split("/")[1]
    wake(house.store, environment(subject.installation_id, snapshot.repository.id, name))
    wake(house.store, subject, house.clock() + WRITING)


def _is_elsewhere(snapshot: PullSnapshot, promotion: Promotion) -> bool:
    """The head is not the commit on record: either somebody pushed, or a crash came between writing and recording.

    The environment's look tells the two apart, by the content.
    """
    return snapshot.pull.head_sha != promotion.head_sha


def _merged(receipts: Sequence[Receipt]) -> bool:
    return any(isinstance(each.action, MergePull) and "refused" not in each.result for each in receipts)


def _sentence(decision: PullDecision) -> str:
    return "; ".join(f"{verdict.gate} {verdict.outcome.value}" for verdict in decision.verdicts)
