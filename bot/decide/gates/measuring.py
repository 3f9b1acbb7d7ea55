"""What the measuring gates share: a value against a bound, and several such findings as one verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.decide.gates import Gated
from bot.decide.text import code, plain
from bot.model.facts import Unknown
from bot.model.measurements import Measured, Sample, Samples
from bot.model.verdict import Evidence, Outcome, Verdict, worst

_NOISE = 9
"""Decimals that count. Binary fractions are noisy after that, and a border must hold exactly."""
_SERIES_SHOWN = 5
_WHY = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a number must satisfy. `strict`: the border itself fails (the error budget's `< 50`)."""

    least: float | None = None
    most: float | None = None
    strict: bool = False
    unit: str = "%"

    def holds(self, value: float) -> bool:
        """Whether the value satisfies every bound that is set."""
        value = round(value, _NOISE)
        if self.least is not None and value < self.least:
            return False
        return self.most is None or (value < self.most if self.strict else value <= self.most)

    @property
    def words(self) -> str:
        """Such as `at least 99%`, `below 50%`, `between 1 and 5`."""
        least = "" if self.least is None else number(self.least, self.unit)
        most = "" if self.most is None else number(self.most, self.unit)
        if least and most:
            return f"between {least} and {most}"
        if least:
            return f"at least {least}"
        return f"{'below' if self.strict else 'at most'} {most}" if most else "no limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One part of a gate's answer."""

    outcome: Outcome
    says: str
    evidence: tuple[Evidence, ...] = ()
    warns: tuple[str, ...] = ()
    changes_at: datetime | None = None
    ask_again: bool = False
    """What could not be read may be there soon."""


def number(value: float, unit: str = "", *, near: Iterable[float | None] = ()) -> str:
    """A value for people: two decimals, or as many as keep it on its side of each bound in `near`."""
    value = round(value, _NOISE)
    bounds = [each for each in near if each is not None]
    for places in range(2, _NOISE + 1):
        shown = round(value, places)
        if all((shown < each) == (value < each) and (shown > each) == (value > each) for each in bounds):
            break
    return f"{shown:.{places}f}".rstrip("0").rstrip(".") + unit


def length(value: timedelta) -> str:
    """`24 h`, `1 h 30 min`, `45 s`: the two largest units, a rest rounded up."""
    seconds = math.ceil(value.total_seconds())
    if seconds >= 3600:
        seconds = math.ceil(seconds / 60) * 60
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        # Hours are how people name a soak or a canary's duration: days only from the second on.
        if unit == "d" and seconds < 2 * size:
            continue
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def moment(at: datetime) -> str:
    """An aware moment in UTC, as it stands in sentences."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def measured(
    what: str, found: Measured, bound: Bound, warn: Bound | None = None, *, percentage: bool = False
) -> Finding:
    """Every series against the bound; the worst one speaks. `percentage`: outside 0 to 100 it is no measurement."""
    if isinstance(found, Unknown):
        return unread(what, found)
    strange = [each for each in found.samples if percentage and not -1e-6 <= each.value <= 100 + 1e-6]
    if strange:
        value = number(strange[0].value)
        return unread(what, Unknown(why=f"the query gives {value}, which is no percentage from 0 to 100"))
    failing = [each for each in found.samples if not bound.holds(each.value)]
    warned = [each for each in found.samples if warn and not warn.holds(each.value)]
    shown = _shown(found, failing or warned, bound, warn)
    evidence = Evidence(measured=shown, needed=bound.words, source=found.source, url=found.url, at=found.at)
    warns = (f"{what} is {shown}; the aim is {warn.words}",) if warn and warned else ()
    return Finding(
        outcome=Outcome.BLOCK if failing else Outcome.PASS,
        says=f"{what} is {shown}, needed: {bound.words}",
        evidence=(evidence,),
        warns=() if failing else warns,
    )


def unread(what: str, unknown: Unknown) -> Finding:
    """A fact that could not be read."""
    says = f"{what} could not be read: {plain(unknown.why, _WHY)}"
    return Finding(outcome=Outcome.UNKNOWN, says=says, ask_again=unknown.passing)


def _shown(found: Samples, speaking: Sequence[Sample], bound: Bound, warn: Bound | None) -> str:
    """The values that matter: those that fail, else the one nearest to failing."""
    near = [bound.least, bound.most, *((warn.least, warn.most) if warn else ())]
    low = bound.least is not None and bound.most is None
    ordered = sorted(speaking or found.samples, key=lambda each: each.value, reverse=not low)
    ordered = ordered[: _SERIES_SHOWN if speaking else 1]
    alone = len(found.samples) == 1
    texts = [number(each.value, bound.unit, near=near) + ("" if alone else _name(each)) for each in ordered]
    rest = len(speaking) - len(ordered)
    return ", ".join(texts) + (f" and {rest} more" if rest > 0 else "")


def _name(sample: Sample) -> str:
    labels = [f"{name}={value}" for name, value in sorted(sample.labels.items()) if name != "__name__"]
    return f" ({code(', '.join(labels))})" if labels else ""


def gated(gate: str, findings: Sequence[Finding], *, passing: str = "") -> Gated:
    """All findings as one verdict: the worst makes the headline, every other that is not a pass is a reason."""
    outcome = worst(Verdict(gate=gate, outcome=each.outcome, headline=each.says) for each in findings)
    holding = [each for each in findings if each.outcome is outcome]
    others = [each for each in findings if each.outcome not in (outcome, Outcome.PASS, Outcome.SKIP)]
    if outcome is Outcome.PASS:
        headline = passing or "; ".join(each.says for each in findings)
        reasons: list[str] = []
    else:
        headline = holding[0].says if holding else "Nothing was measured"
        reasons = [each.says for each in (*holding[1:], *others)]
    reasons += [f"warning: {warning}" for each in findings for warning in each.warns]
    times = [each.changes_at for each in findings if each.changes_at]
    return Gated(
        verdict=Verdict(
            gate=gate,
            outcome=outcome,
            headline=headline,
            reasons=tuple(reasons),
            evidence=tuple(evidence for each in findings for evidence in each.evidence),
        ),
        changes_at=min(times, default=None),
        ask_again=any(each.ask_again for each in findings),
    )
