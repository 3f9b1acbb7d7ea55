"""What CI's reports say, as numbers: tests, performance, coverage and security findings (rows P2, P12).

Adapters read files into these values; the gates compare them with the rules. Each value can be added to another of
its kind, because one artifact often holds a report for each package. Words in them (names of tests, rules, packages)
were written by whoever wrote the report: defang them before they are shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

MOST_EXAMPLES = 20
"""How many failures or findings are kept by name; the numbers count them all."""

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Generic[Value]):
    """A value with where it was read: `source` for people (`coverage.xml in the artifact coverage`)."""

    value: Value
    source: str
    url: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFailure:
    """A test case that failed or broke."""

    __test__ = False

    name: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """Test cases counted. `executed` is `passed` + `failed`: a skipped case did not run."""

    __test__ = False

    executed: int = 0
    passed: int = 0
    failed: int = 0
    """Failures and errors."""
    skipped: int = 0
    suites: int = 0
    failures: tuple[TestFailure, ...] = ()
    """The first `MOST_EXAMPLES`."""

    def __add__(self, other: TestReport) -> TestReport:
        """Both together."""
        return TestReport(
            executed=self.executed + other.executed,
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            skipped=self.skipped + other.skipped,
            suites=self.suites + other.suites,
            failures=(self.failures + other.failures)[:MOST_EXAMPLES],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceReport:
    """A load test's own thresholds, and how often it ran its script."""

    passed: int = 0
    """Thresholds that held."""
    failed: int = 0
    """Thresholds that were crossed."""
    iterations: int = 0
    checks_passed: int = 0
    checks_failed: int = 0
    """Single checks in the script; they decide nothing unless a threshold counts them."""
    failures: tuple[TestFailure, ...] = ()
    """The first `MOST_EXAMPLES` crossed thresholds: metric and condition, and the measured value if it is told."""

    def __add__(self, other: PerformanceReport) -> PerformanceReport:
        """Both together."""
        return PerformanceReport(
            passed=self.passed + other.passed,
            failed=self.failed + other.failed,
            iterations=self.iterations + other.iterations,
            checks_passed=self.checks_passed + other.checks_passed,
            checks_failed=self.checks_failed + other.checks_failed,
            failures=(self.failures + other.failures)[:MOST_EXAMPLES],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageReport:
    """Lines and branches counted; branches are None when the report does not measure them."""

    lines_covered: int
    lines_total: int
    branches_covered: int | None = None
    branches_total: int | None = None

    def __add__(self, other: CoverageReport) -> CoverageReport:
        """Both counted side by side.

        Where two reports measure the same files this is less than their union, never more. Branches are known
        only if both know them, because the half that was measured says nothing about the other.
        """
        mine, theirs = self.branches, other.branches
        covered, total = (mine[0] + theirs[0], mine[1] + theirs[1]) if mine and theirs else (None, None)
        return CoverageReport(
            lines_covered=self.lines_covered + other.lines_covered,
            lines_total=self.lines_total + other.lines_total,
            branches_covered=covered,
            branches_total=total,
        )

    @property
    def lines(self) -> tuple[int, int]:
        """Covered and total."""
        return self.lines_covered, self.lines_total

    @property
    def branches(self) -> tuple[int, int] | None:
        """Covered and total, or None when they were not measured."""
        if self.branches_covered is None or self.branches_total is None:
            return None
        return self.branches_covered, self.branches_total


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding by name: `severity` is a field of `Findings`, `id` the scanner's (a CVE, a rule)."""

    severity: str
    id: str
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Security findings by severity. `unknown` are those to which the scanner gives none."""

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    unknown: int = 0
    suppressed: int = 0
    """Accepted in the scanner's own way (SARIF suppressions); in none of the other numbers."""
    examples: tuple[Finding, ...] = ()
    """`MOST_EXAMPLES` of the worst."""
    incomplete: tuple[str, ...] = ()
    """Scans that say of themselves that they did not finish: there may be more findings."""

    def __add__(self, other: Findings) -> Findings:
        """Both together."""
        return Findings(
            critical=self.critical + other.critical,
            high=self.high + other.high,
            medium=self.medium + other.medium,
            low=self.low + other.low,
            unknown=self.unknown + other.unknown,
            suppressed=self.suppressed + other.suppressed,
            examples=worst_first(self.examples + other.examples),
            incomplete=(self.incomplete + other.incomplete)[:MOST_EXAMPLES],
        )

    @property
    def total(self) -> int:
        """All that count."""
        return self.critical + self.high + self.medium + self.low + self.unknown


SEVERITIES = ("critical", "high", "medium", "low", "unknown")
"""Worst first; `unknown` stands last in lists and counts as the worst (see the security gate)."""


def worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The `MOST_EXAMPLES` worst, in their order."""
    return tuple(sorted(findings, key=lambda each: SEVERITIES.index(each.severity)))[:MOST_EXAMPLES]
