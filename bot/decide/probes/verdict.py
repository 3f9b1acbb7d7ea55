"""A run of the probes as a check run: findings as annotations, coverage as evidence (rows A2, G2, G3)."""

from __future__ import annotations

from bot.decide.probes.values import Finding, Kind, Level, Probed
from bot.decide.text import code, defang
from bot.model.verdict import Annotation, Evidence, Outcome, Verdict

PROBES = "probes"
MOST_TOLD = 20
"""Findings told in the summary; all are annotations."""
_OUTCOMES = {"pass": Outcome.PASS, "fail": Outcome.BLOCK, "unknown": Outcome.UNKNOWN}


def verdict_of(probed: Probed) -> Verdict:
    """What the probes say of exactly the bytes that they were given. A tool that gave no answer is unknown."""
    findings = probed.findings()
    errors = [each for each in findings if each.level is Level.ERROR]
    outcome = _OUTCOMES[probed.outcome()]
    reasons = [
        _said(each) for each in [*errors, *(each for each in findings if each not in errors)][:MOST_TOLD]
    ]
    if len(findings) > MOST_TOLD:
        reasons.append(f"… and {len(findings) - MOST_TOLD} more findings")
    reasons += [defang(each, 300) for each in probed.notes[:MOST_TOLD]]
    return Verdict(
        gate=PROBES,
        outcome=outcome,
        headline=_headline(probed, outcome, errors, len(findings)),
        reasons=tuple(reasons),
        evidence=_evidence(probed),
        annotations=tuple(_annotation(each) for each in findings),
    )


def _headline(probed: Probed, outcome: Outcome, errors: list[Finding], findings: int) -> str:
    if outcome is Outcome.PASS:
        warned = findings - len(errors)
        more = f", with {warned} warning{'' if warned == 1 else 's'}" if warned else ""
        return f"{_counted(probed)} as they ship for {probed.environment}: all pass{more}"
    deciding = [each for each in errors if (each.kind is Kind.TOOL) == (outcome is Outcome.UNKNOWN)]
    first = _said(deciding[0] if deciding else errors[0])
    return f"{first} (and {len(deciding) - 1} more)" if len(deciding) > 1 else first


def _counted(probed: Probed) -> str:
    tests = sum(case.probe == "unit tests" for case in probed.cases)
    routes = sum(case.probe == "routes" for case in probed.cases)
    words = ((probed.coverage.rules.rules, "rule"), (tests, "unit test"), (routes, "route"))
    return ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in words if number)


def _evidence(probed: Probed) -> tuple[Evidence, ...]:
    share = probed.coverage.rules
    tools = ", ".join(f"{name} {version}" for name, version in sorted(probed.tools.items()))
    found = [
        Evidence(
            measured=f"{share.tested} of {share.rules} rules are tested ({share.percent:g} %)",
            needed="told, unless alerts.min_tested_percent is set",
            source=tools,
        )
    ]
    if probed.bundle is not None:
        found.append(
            Evidence(measured=probed.bundle.digest(), needed="these bytes", source="the rendered bundle")
        )
    found += [
        Evidence(
            measured=f"{each.receivers} receivers, {each.inhibit_rules} inhibit rules, {each.routes} routes, "
            f"{each.templates} templates",
            needed="told",
            source=each.file,
        )
        for each in probed.routings
    ]
    return tuple(found)


def _said(finding: Finding) -> str:
    where = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return f"{code(where)}: {defang(finding.message, 300)}"


def _annotation(finding: Finding) -> Annotation:
    message = f"{finding.message}\n{finding.detail}" if finding.detail else finding.message
    return Annotation(
        path=finding.file,
        line=finding.line or 1,
        message=message[:4000],
        title=finding.kind.value,
        level="failure" if finding.level is Level.ERROR else "warning",
    )
