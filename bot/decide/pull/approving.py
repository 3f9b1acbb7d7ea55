"""Who has approved exactly this content, and who has not yet: the pull request's facts, put to `evaluate_approvals`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.decide.approvals import (
    Evaluation,
    content_identity,
    demand_for,
    evaluate_approvals,
    evidence_class,
)
from bot.decide.pull.facts import PullFacts
from bot.decide.rollback import switched_off
from bot.model.approval_facts import ApprovalFacts, ContentIdentity
from bot.model.facts import RepositoryFile, Unknown
from bot.model.policy import Environment, MergeRule
from bot.model.release import Promotion
from bot.model.verdict import Outcome, Verdict, Waiting


def judge(
    facts: PullFacts, environment: Environment, gates: Sequence[Verdict], set_aside: Sequence[str] = ()
) -> Evaluation | None:
    """The evaluation of everybody's voice; None when they were not read, which is never a yes where one is needed.

    `set_aside`: those of `gates` that an override has let pass; who approved before that did not approve that.
    """
    if facts.policy is None or facts.voices is None:
        return None
    demand = demand_for(facts.policy, environment, facts.owners)
    return evaluate_approvals(demand, facts.voices, _identity(facts, facts.voices, gates, set_aside))


def verdicts(
    environment: Environment, found: Evaluation | None, promotion: Promotion | None = None
) -> tuple[Verdict, ...]:
    """What stands in the check runs: nothing where releases merge by themselves and nobody's yes is demanded."""
    if found is None:
        return () if not asks(environment) else (_unread(environment),)
    if environment.merge is MergeRule.AUTO and found.verdict.outcome is Outcome.SKIP:
        return ()
    name, why = environment.name, []
    if environment.merge is MergeRule.MANUAL:
        why.append(f"{name} is merged by a person, on GitHub.")
    if switched_off(environment, promotion):
        why.append(
            f"Nobody asked for it, and `environments.{name}.rollback.automatic` is off now: people decide."
        )
    return (replace(found.verdict, reasons=(*why, *found.verdict.reasons)),)


def asks(environment: Environment) -> bool:
    """Whether anybody's approval may be demanded there."""
    return environment.merge is not MergeRule.AUTO or bool(environment.approvals)


def _unread(environment: Environment) -> Verdict:
    wanted = ", ".join(f"{each.count} of {each.role}" for each in environment.approvals) or "a person"
    headline = f"Waits for the approval of {wanted}"
    return Verdict(gate="approvals", outcome=Outcome.WAIT, headline=headline, waiting=Waiting.PERSON)


def _identity(
    facts: PullFacts, voices: ApprovalFacts, gates: Sequence[Verdict], set_aside: Sequence[str]
) -> ContentIdentity | Unknown:
    pull, components = facts.snapshot.pull, facts.promotion.components if facts.promotion else {}
    classes = evidence_class(gates, set_aside)
    if voices.reviews == () and voices.comments == ():
        # Nobody has said anything, so there is nothing to compare: files need not be read for that.
        return content_identity(pull.base_ref, components, (), {}, classes)
    if not pull.files_complete:
        return Unknown(why="GitHub does not list all changed files")
    return content_identity(pull.base_ref, components, pull.changed_files, _at_head(facts), classes)


def _at_head(facts: PullFacts) -> Mapping[str, RepositoryFile | Unknown | None]:
    return {
        path: None if isinstance(file, Unknown) and file.absent else file
        for path, file in facts.snapshot.head_files.items()
    }
