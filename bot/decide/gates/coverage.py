"""Is enough of the code covered by tests (rows P1, P2)? The threshold itself is enough: 70 passes at exactly 70."""

from __future__ import annotations

from fractions import Fraction

from bot.decide.text import plain
from bot.model.facts import Unknown
from bot.model.policy_gates import CoverageGate
from bot.model.reports import CoverageReport, Reported
from bot.model.verdict import Evidence, Outcome, Verdict

GATE = "coverage"


def evaluate(gate: CoverageGate, found: Reported[CoverageReport] | Unknown) -> Verdict:
    """The verdict; below `warn_percent` it still passes, and says so."""
    needed = f"≥ {gate.min_percent:g}%"
    if isinstance(found, Unknown):
        return _unknown(
            f"Code coverage could not be read: {plain(found.why, 300)}", needed, f"artifact {gate.artifact}"
        )
    pair = found.value.branches if gate.metric == "branch" else found.value.lines
    what = f"{gate.metric.capitalize()} coverage"
    if pair is None:
        return _unknown(
            f"{what} was not measured; let the tests measure it, or set coverage.metric", needed, found.source
        )
    covered, total = pair
    if not total:
        return _unknown(f"{what} tells of no code at all, so nothing was measured", needed, found.source)
    share = Fraction(covered * 100, total)
    measured = f"{shown(share)}%"
    warned = gate.warn_percent is not None and share < exact(gate.warn_percent)
    evidence = Evidence(
        measured=f"{measured} ({covered} of {total} {_PLURAL[gate.metric]})",
        needed=needed,
        source=found.source,
        url=found.url,
        at=found.at,
    )
    if share < exact(gate.min_percent):
        headline = f"{what} is {measured}, below the {gate.min_percent:g}% that is needed"
        return Verdict(gate=GATE, outcome=Outcome.BLOCK, headline=headline, evidence=(evidence,))
    headline = f"{what} is {measured}, at least {gate.min_percent:g}% is needed"
    warning = f"; a warning stands at {gate.warn_percent:g}%" if warned else ""
    return Verdict(gate=GATE, outcome=Outcome.PASS, headline=headline + warning, evidence=(evidence,))


_PLURAL = {"line": "lines", "branch": "branches"}


def exact(percent: float) -> Fraction:
    """The number that is written in the rules: 99.9 is 999/10, not the nearest binary number."""
    return Fraction(repr(percent))


def shown(share: Fraction) -> str:
    """Two decimals at most, cut and never rounded: 69.999 must not look like the 70 that it misses."""
    hundredths = share * 100 // 1
    return f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")


def _unknown(headline: str, needed: str, source: str) -> Verdict:
    evidence = Evidence(measured="unknown", needed=needed, source=source)
    return Verdict(gate=GATE, outcome=Outcome.UNKNOWN, headline=headline, evidence=(evidence,))
