"""The decision: verdicts for each question, the check runs that show them, and the merge."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import checks, guards, names
from bot.decide.approvals import Evaluation
from bot.decide.evidence import trailers
from bot.decide.hotfix import Laid, confirmation, laid
from bot.decide.overrides import Applied, apply_overrides, overridable
from bot.decide.pull import approving, guarding
from bot.decide.pull.config import config
from bot.decide.pull.demands import asks, gates
from bot.decide.pull.evidence import judged as judged_evidence
from bot.decide.pull.facts import PullDecision, PullFacts
from bot.decide.pull.ownership import environment_of, not_a_promotion, pull_at
from bot.decide.pull.questions import (
    behind_hotfixes,
    content,
    holds,
    mergeable,
    refusal,
    required_checks,
    size,
    spoofed,
    thrown_out,
    unproven,
    vetoes,
)
from bot.model.action import Action, Button, DequeuePull, EnqueuePull, MergePull
from bot.model.evidence import Judged
from bot.model.facts import Mergeable, PullState
from bot.model.policy import Environment, MergeRule
from bot.model.release import PromotionKind
from bot.model.verdict import Outcome, Verdict, worst

DETAILS = ("config", "approvals", "guards", "drift", "probes")
"""The questions that have a detail run of their own."""


def decide_pull(facts: PullFacts) -> PullDecision:
    """The decision for an open pull request. For any other there is nothing to decide."""
    pull = facts.snapshot.pull
    if pull.state is not PullState.OPEN:
        return PullDecision(verdicts=(), actions=())
    environment = environment_of(facts)
    answered = _gates(facts, environment) if environment else Laid(verdicts=())
    applied = _applied(facts, answered.verdicts) if environment else None
    measured = applied.verdicts if applied else ()
    aside = tuple(each.gate for each in applied.used) if applied else ()
    approved = approving.judge(facts, environment, measured, aside) if environment else guarding.judge(facts)
    foreign = spoofed(facts)
    content_verdicts = (*_guards(facts), *facts.alerts)
    judged = (config(facts), *foreign, *content_verdicts, *_questions(facts, environment, measured, approved))
    by_hand = environment is None or environment.merge is MergeRule.MANUAL
    green = worst(judged) is Outcome.PASS
    verdicts = (*judged, *refusal(facts), *(() if by_hand or not green else thrown_out(facts)))
    groups = {"gates": measured} if asks(measured) else {}
    wanted = checks.check_runs(
        pull.base_ref, pull.head_sha, verdicts, DETAILS, groups, _buttons(facts, environment, measured)
    )
    actions: list[Action] = list(
        checks.changes(
            wanted,
            facts.snapshot.own_checks,
            _because(verdicts),
            now=facts.snapshot.taken_at,
            anew=bool(foreign),
        )
    )
    if environment is not None and pull.queued is not None and not green:
        why = f"no longer green in the merge queue: {_because(judged)}"
        actions.append(DequeuePull(because=why, number=pull.number, node_id=pull.node_id))
    may = green and not by_hand and pull.queued is None and not facts.thrown_out
    used = applied.used if applied else ()
    evidence = (
        judged_evidence(facts, environment, judged, approved, used, answered.skipped) if environment else None
    )
    if environment is not None and may and (facts.refusal is None or facts.something_happened):
        actions.append(_merge(facts, environment, judged, evidence))
    rebuild = environment is not None and (pull.behind or pull.mergeable is Mergeable.CONFLICTING)
    return PullDecision(
        verdicts=verdicts,
        actions=tuple(actions),
        shown=wanted,
        applied=applied,
        approvals=approved,
        green=green,
        evidence=evidence,
        skipped=answered.skipped,
        rebuild=rebuild,
    )


def measured_verdicts(facts: PullFacts) -> tuple[Verdict, ...]:
    """What the gates themselves answer, before any override; nothing for what is no promotion."""
    environment = environment_of(facts)
    return _gates(facts, environment).verdicts if environment else ()


def _applied(facts: PullFacts, answers: Sequence[Verdict]) -> Applied | None:
    at = pull_at(facts.snapshot, facts.promotion)
    if at is None:
        return None
    now = facts.judged_at or facts.snapshot.taken_at
    return apply_overrides(answers, facts.overrides, at, now)


def _buttons(
    facts: PullFacts, environment: Environment | None, measured: Sequence[Verdict]
) -> tuple[Button, ...]:
    if environment is None:
        return ()
    held = names.HOLD_LABEL in facts.snapshot.pull.labels or any(each.pull for each in facts.holds)
    asked = _confirmation(facts, environment)
    confirmable = asked is not None and asked.outcome is Outcome.WAIT
    return checks.buttons(overridable=bool(overridable(measured)), held=held, confirmable=confirmable)


def _questions(
    facts: PullFacts,
    environment: Environment | None,
    measured: Sequence[Verdict],
    approved: Evaluation | None,
) -> tuple[Verdict, ...]:
    if environment is None:
        return (not_a_promotion(facts), *guarding.verdicts(facts, approved))
    found = [size(facts), content(facts), required_checks(facts, environment), mergeable(facts)]
    found += guarding.inside_a_promotion(facts)
    found += [
        *holds(facts),
        *unproven(facts),
        *vetoes(facts),
        *behind_hotfixes(facts),
        _confirmation(facts, environment),
        *measured,
        *approving.verdicts(environment, approved, facts.promotion),
    ]
    return tuple(verdict for verdict in found if verdict is not None)


def _guards(facts: PullFacts) -> tuple[Verdict, ...]:
    """What the guards found: for every pull request, and never among what an override may name."""
    return () if facts.guards is None else (guards.verdict(facts.guards),)


def _gates(facts: PullFacts, environment: Environment) -> Laid:
    """What the gates answer, and what of it does not hold a hotfix."""
    if facts.policy is None:
        return Laid(verdicts=())
    answers = gates(facts.policy, environment, facts.measured)
    return laid(answers, environment.hotfix.skip_gates if _is_hotfix(facts) else ())


def _is_hotfix(facts: PullFacts) -> bool:
    return facts.promotion is not None and facts.promotion.kind is PromotionKind.HOTFIX


def _confirmation(facts: PullFacts, environment: Environment) -> Verdict | None:
    if facts.promotion is None or not _is_hotfix(facts):
        return None
    return confirmation(environment, facts.promotion.components, facts.confirmed)


def _merge(
    facts: PullFacts, environment: Environment, verdicts: Sequence[Verdict], evidence: Judged | None
) -> MergePull | EnqueuePull:
    pull = facts.snapshot.pull
    if pull.needs_queue:
        why = f"{environment.name} merges {_when(environment)}, through the queue: {_because(verdicts)}"
        return EnqueuePull(because=why, number=pull.number, node_id=pull.node_id, expected_head=pull.head_sha)
    said = trailers(evidence) if evidence else ()
    return MergePull(
        because=f"{environment.name} merges {_when(environment)}: {_because(verdicts)}",
        number=pull.number,
        expected_head=pull.head_sha,
        title=f"{pull.title} (#{pull.number})",
        message="\n".join([*(verdict.headline for verdict in verdicts), "", *said]).strip(),
        method=environment.merge_method,
    )


def _when(environment: Environment) -> str:
    return "by itself" if environment.merge is MergeRule.AUTO else "when approved"


def _because(verdicts: Sequence[Verdict]) -> str:
    return "; ".join(f"{verdict.gate}: {verdict.outcome.value}" for verdict in verdicts)
