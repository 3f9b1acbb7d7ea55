"""Did every required suite run and pass on the source commit (rows P1, P2)?

A suite is a check run, a commit status, or reports in an artifact of the source run. Reports that tell of no executed
test, or a load test without thresholds or iterations, measure nothing and are not a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.decide.gates.named_check import Answer, Checks, named_check, named_status, unreadable
from bot.decide.text import defang
from bot.model.facts import Unknown
from bot.model.policy_gates import Suite, TestsGate
from bot.model.reports import PerformanceReport, Reported, TestFailure, TestReport
from bot.model.verdict import Evidence, Outcome, Verdict

GATE = "tests"
SuiteReports = Mapping[str, "Reported[TestReport] | Reported[PerformanceReport] | Unknown"]
"""Suite name to what its artifact said; needed for the suites that name an artifact."""

_SHOWN_FAILURES = 5
_ORDER = (Outcome.UNKNOWN, Outcome.BLOCK, Outcome.WAIT, Outcome.PASS)


def evaluate(gate: TestsGate, *, checks: Checks, reports: SuiteReports) -> Verdict:
    """The verdict over all required suites; its headline tells of those that decide."""
    required = tuple(dict.fromkeys(gate.require))
    if not required:
        headline = "No test suite is required, so nothing was tested; name suites under tests.require"
        return Verdict(gate=GATE, outcome=Outcome.UNKNOWN, headline=headline)
    answers = [_answer(name, gate.suite(name), checks, reports) for name in required]
    outcome = next(each for each in _ORDER if any(answer.outcome is each for answer in answers))
    return Verdict(
        gate=GATE,
        outcome=outcome,
        headline=_headline(outcome, answers),
        reasons=tuple(reason for answer in answers for reason in answer.reasons),
        evidence=tuple(answer.evidence for answer in answers),
    )


def _headline(outcome: Outcome, answers: Sequence[Answer]) -> str:
    if outcome is Outcome.PASS and len(answers) > 1:
        return f"All {len(answers)} test suites passed: {', '.join(answer.name for answer in answers)}"
    deciding = [answer for answer in answers if answer.outcome is outcome]
    return "; ".join(f"{answer.name} {answer.says}" for answer in deciding)


def _answer(name: str, suite: Suite, checks: Checks, reports: SuiteReports) -> Answer:
    if suite.check is not None:
        return named_check(name, suite.check, suite.app, checks)
    if suite.status is not None:
        return named_status(name, suite.status, checks)
    found = reports.get(name, Unknown(why="no report was found"))
    if isinstance(found, Unknown):
        return unreadable(name, f"artifact {suite.artifact}", found.why)
    return _reported(name, found)


def _reported(name: str, found: Reported[TestReport] | Reported[PerformanceReport]) -> Answer:
    value = found.value
    if isinstance(value, TestReport):
        outcome, says = _tests(value)
        measured = f"{value.passed} passed, {value.failed} failed, {value.skipped} skipped"
        needed = "no failure, at least 1 executed"
    else:
        outcome, says = _performance(value)
        measured = f"{value.passed} thresholds held, {value.failed} crossed, {value.iterations} iterations"
        needed = "no threshold crossed, at least 1 held"
    evidence = Evidence(measured=measured, needed=needed, source=found.source, url=found.url, at=found.at)
    failures = _failures(name, value.failures, value.failed)
    return Answer(name=name, outcome=outcome, says=says, evidence=evidence, reasons=failures)


def _tests(report: TestReport) -> tuple[Outcome, str]:
    skipped = f" ({report.skipped} skipped)" if report.skipped else ""
    if report.failed:
        return Outcome.BLOCK, f"failed: {report.failed} of {_many(report.executed, 'test')}"
    if not report.executed:
        return Outcome.BLOCK, f"executed no test{skipped}, which is not a pass"
    return Outcome.PASS, f"passed: {_many(report.executed, 'test')}{skipped}"


def _performance(report: PerformanceReport) -> tuple[Outcome, str]:
    demanded = report.passed + report.failed
    if report.failed:
        return Outcome.BLOCK, f"failed: {report.failed} of {_many(demanded, 'threshold')} crossed"
    if not demanded:
        return Outcome.BLOCK, "has no thresholds, so nothing was demanded, which is not a pass"
    if not report.iterations:
        return Outcome.BLOCK, "ran no iteration, which is not a pass"
    return Outcome.PASS, f"passed: {_many(demanded, 'threshold')} held"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _failures(name: str, failures: Sequence[TestFailure], total: int) -> tuple[str, ...]:
    """The first failures as Markdown, and how many more there are."""
    lines = [
        f"{defang(name, 60)}: {defang(failure.name, 160) or 'a test without a name'}"
        + (f": {defang(failure.message, 240)}" if failure.message else "")
        for failure in failures[:_SHOWN_FAILURES]
    ]
    more = total - len(lines)
    return (*lines, f"{defang(name, 60)}: and {more} more") if lines and more > 0 else tuple(lines)
