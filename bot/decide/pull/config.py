"""Are the rules readable, on the base branch and as this pull request would leave them (attack cases 43, 49)?"""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.pull.facts import PullFacts
from bot.decide.text import code, plain
from bot.model.policy import RulesError
from bot.model.verdict import Annotation, Outcome, Verdict


def config(facts: PullFacts) -> Verdict:
    """Are the rules readable, on the base branch and as this pull request would leave them (attack cases 43, 49)?"""
    if facts.proposed_errors:
        return _invalid(
            facts.proposed_errors,
            Outcome.BLOCK,
            "This pull request would leave the rules file invalid",
            annotate=True,
        )
    if facts.policy is None and facts.proposed_errors is None:
        return _invalid(
            facts.errors, Outcome.UNKNOWN, "The rules file of the default branch is invalid", annotate=False
        )
    if facts.proposed_errors is not None:
        return Verdict(
            gate="config",
            outcome=Outcome.PASS,
            headline="The rules file stays valid",
            reasons=("Until this is merged, the rules of the default branch are the ones that count.",),
        )
    return Verdict(gate="config", outcome=Outcome.PASS, headline="The rules file is valid")


def _invalid(errors: Sequence[RulesError], outcome: Outcome, headline: str, *, annotate: bool) -> Verdict:
    first = errors[0] if errors else None
    notes = tuple(
        Annotation(
            path=error.file,
            line=max(error.line, 1),
            column=error.column,
            title=plain(error.key, 200),
            message=plain(error.message, 2_000),
        )
        for error in errors
        if annotate
    )
    return Verdict(
        gate="config",
        outcome=outcome,
        headline=f"{headline}: {code(str(first))}" if first else headline,
        reasons=tuple(code(str(error)) for error in errors),
        annotations=notes,
    )
