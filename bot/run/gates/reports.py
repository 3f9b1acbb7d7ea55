"""Gates about the source commit: reports in artifacts of the source run, and checks on the commit.

A promotion may carry several releases; each of them must satisfy, and the verdict names those that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from bot.decide.gates import Gated
from bot.decide.gates import coverage as coverage_gate
from bot.decide.gates import quality as quality_gate
from bot.decide.gates import security as security_gate
from bot.decide.gates import tests as tests_gate
from bot.decide.gates.named_check import Checks
from bot.errors import UserError
from bot.model.facts import Unknown
from bot.model.policy_gates import CoverageGate, QualityGate, SecurityGate, Suite
from bot.model.ports_gates import Report, Wanted
from bot.model.release import Release
from bot.model.reports import CoverageReport, Findings, PerformanceReport, Reported, TestReport
from bot.model.verdict import Verdict, worst
from bot.run.gates.alerts import ALERTS
from bot.run.gates.artifacts import reported
from bot.run.gates.question import Question

Gate = TypeVar("Gate")
Kind = TypeVar("Kind", TestReport, PerformanceReport, CoverageReport, Findings)


def tests(question: Question) -> Gated:
    """Every required suite, by check run, commit status or reports."""
    gate = _set(question.environment.gates.tests)

    def judged(release: Release) -> Verdict:
        suites = {name: gate.suite(name) for name in gate.require}
        by_artifact = {name: suite for name, suite in suites.items() if suite.artifact is not None}
        needs_checks = len(by_artifact) < len(suites)
        found = {name: _suite(question, release, suite) for name, suite in by_artifact.items()}
        checks = _checks(question, release) if needs_checks else _no_checks(question, release)
        return tests_gate.evaluate(gate, checks=checks, reports=found)

    return _each(question, judged)


def quality(question: Question) -> Gated:
    """The named check."""
    gate: QualityGate = _set(question.environment.gates.quality)
    return _each(question, lambda release: quality_gate.evaluate(gate, checks=_checks(question, release)))


def coverage(question: Question) -> Gated:
    """Coverage reports in their artifact."""
    gate: CoverageGate = _set(question.environment.gates.coverage)
    wanted = Wanted(kind="coverage", files=gate.files, format=gate.format)
    return _each(
        question,
        lambda release: coverage_gate.evaluate(
            gate, _kind(CoverageReport, _read(question, release, gate.artifact, wanted))
        ),
    )


def security(question: Question) -> Gated:
    """Scanners' reports in their artifact, and GitHub's own findings: whatever the rules name as sources."""
    gate: SecurityGate = _set(question.environment.gates.security)
    wanted = Wanted(kind="security", files=gate.files, format=gate.format)

    def judged(release: Release) -> Verdict:
        found: dict[str, Reported[Findings] | Unknown] = {
            source: ALERTS[source](question, release)
            if source in ALERTS
            else _kind(Findings, _read(question, release, gate.artifact, wanted))
            for source in gate.sources
        }
        return security_gate.evaluate(gate, found)

    return _each(question, judged)


def _set(gate: Gate | None) -> Gate:
    if gate is None:
        raise UserError("the gate is not set")
    return gate


def _suite(
    question: Question, release: Release, suite: Suite
) -> Reported[TestReport] | Reported[PerformanceReport] | Unknown:
    if suite.format == "k6":
        wanted = Wanted(kind="performance", files=suite.files, format=suite.format)
        return _kind(PerformanceReport, _read(question, release, suite.artifact or "", wanted))
    wanted = Wanted(kind="tests", files=suite.files, format=suite.format)
    return _kind(TestReport, _read(question, release, suite.artifact or "", wanted))


def _read(question: Question, release: Release, artifact: str, wanted: Wanted) -> Reported[Report] | Unknown:
    """What the artifact says; what a person can mend becomes unknown, so that other suites are still told."""
    try:
        return reported(question, release, artifact, wanted)
    except UserError as error:
        return Unknown(why=str(error))


def _kind(kind: type[Kind], found: Reported[Report] | Unknown) -> Reported[Kind] | Unknown:
    if isinstance(found, Unknown):
        return found
    if not isinstance(found.value, kind):
        return Unknown(why=f"the artifact was read as {type(found.value).__name__}, not as {kind.__name__}")
    return Reported(value=found.value, source=found.source, url=found.url, at=found.at)


def _checks(question: Question, release: Release) -> Checks:
    found = question.once(
        ("checks", release.source_repository_id, release.head_sha),
        lambda: question.github.checks(release.source_repository_id, release.head_sha),
    )
    return Checks(found=found, commit=release.head_sha, own_app=question.github.app_id)


def _no_checks(question: Question, release: Release) -> Checks:
    nobody = Unknown(why="no suite names a check")
    return Checks(found=nobody, commit=release.head_sha, own_app=question.github.app_id)


def _each(question: Question, judged: Callable[[Release], Verdict]) -> Gated:
    """One release's verdict as it is; of several the worst, each sentence with its release."""
    answers: Mapping[str, Verdict] = {release.id: judged(release) for release in question.releases}
    if len(answers) == 1:
        return Gated(verdict=next(iter(answers.values())))
    outcome = worst(answers.values())
    deciding = [f"{name}: {each.headline}" for name, each in answers.items() if each.outcome is outcome]
    return Gated(
        verdict=Verdict(
            gate=next(iter(answers.values())).gate,
            outcome=outcome,
            headline="; ".join(deciding),
            reasons=tuple(f"{name}: {reason}" for name, each in answers.items() for reason in each.reasons),
            evidence=tuple(evidence for each in answers.values() for evidence in each.evidence),
        )
    )
