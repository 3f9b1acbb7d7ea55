"""Gates that do not hold a hotfix. They are measured and shown all the same; what they said becomes debt (row B5)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.model.verdict import Outcome, Verdict

_HOLDS = (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WAIT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """The verdicts as they count, and those of the gates themselves that were skipped."""

    verdicts: tuple[Verdict, ...]
    skipped: tuple[Verdict, ...] = ()


def laid(verdicts: Sequence[Verdict], may_skip: Collection[str]) -> Laid:
    """A gate that holds and may be skipped passes as debt; one that passes by itself owes nothing."""
    skipped = tuple(each for each in verdicts if each.gate in may_skip and each.outcome in _HOLDS)
    return Laid(
        verdicts=tuple(_as_debt(each) if each in skipped else each for each in verdicts), skipped=skipped
    )


def _as_debt(verdict: Verdict) -> Verdict:
    return replace(
        verdict,
        outcome=Outcome.PASS,
        headline=f"Skipped debt: {verdict.headline}",
        reasons=(
            f"It says {verdict.outcome.value}, and holds no hotfix by the rules. What was skipped stays as debt until "
            "the fix has come by the ordinary way.",
            *verdict.reasons,
        ),
        set_aside=True,
    )
