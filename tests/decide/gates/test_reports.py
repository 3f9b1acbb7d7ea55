"""What the gates that read reports and checks say, sentence by sentence; the seed's numbers stand at the borders."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.decide.gates import coverage, quality, security, tests
from bot.decide.gates.named_check import Checks
from bot.model.facts import Check, CheckState, Unknown
from bot.model.policy_gates import CoverageGate, QualityGate, SecurityGate, Suite, TestsGate
from bot.model.reports import (
    CoverageReport,
    Finding,
    Findings,
    PerformanceReport,
    Reported,
    TestFailure,
    TestReport,
)
from bot.model.verdict import Evidence, Outcome, Verdict

BLOCK, PASS, UNKNOWN, WAIT = Outcome.BLOCK, Outcome.PASS, Outcome.UNKNOWN, Outcome.WAIT
COMMIT = "3f2a91c" + "0" * 33
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CI, OURS, STRANGER = 15368, 77, 666


def check(
    name: str, state: CheckState = CheckState.SUCCESS, app: int | None = CI, conclusion: str | None = None
) -> Check:
    said = {CheckState.SUCCESS: "success", CheckState.FAILURE: "failure", CheckState.PENDING: ""}
    return Check(
        name=name,
        state=state,
        app_id=app,
        conclusion=said[state] if conclusion is None else conclusion,
        url="https://github.com/splattop/app/runs/1",
    )


def checks(*found: Check) -> Checks:
    return Checks(found=found, commit=COMMIT, own_app=OURS)


def told(verdict: Verdict) -> tuple[Outcome, str]:
    return verdict.outcome, verdict.headline


FAILED, PENDING, SUCCESS = CheckState.FAILURE, CheckState.PENDING, CheckState.SUCCESS


@pytest.mark.parametrize(
    ("found", "outcome", "headline"),
    [
        ([check("unit")], PASS, "unit passed"),
        ([check("unit", FAILED)], BLOCK, "unit failed"),
        ([check("unit", FAILED, conclusion="timed_out")], BLOCK, "unit failed (timed_out)"),
        ([check("unit", FAILED, conclusion="cancelled")], BLOCK, "unit failed (cancelled)"),
        ([check("unit", PENDING)], WAIT, "unit is still running"),
        ([check("unit", conclusion="skipped")], BLOCK, "unit ended as skipped, which is not a pass"),
        ([check("unit", conclusion="neutral")], BLOCK, "unit ended as neutral, which is not a pass"),
        ([], UNKNOWN, "unit has no check run named unit on 3f2a91c"),
        ([check("Unit")], UNKNOWN, "unit has no check run named unit on 3f2a91c"),
        ([check("unit"), check("unit", FAILED, app=STRANGER)], BLOCK, "unit failed"),
        ([check("unit"), check("unit", PENDING, app=STRANGER)], WAIT, "unit is still running"),
        (
            [check("unit", app=OURS)],
            UNKNOWN,
            "unit has no check run named unit on 3f2a91c; one of that name is there, but made by somebody else",
        ),
        (
            [check("unit", app=None)],
            UNKNOWN,
            "unit has no check run named unit on 3f2a91c; one of that name is there, but made by somebody else",
        ),
    ],
)
def test_a_suite_without_more_is_a_check_run_of_its_name(
    found: list[Check], outcome: Outcome, headline: str
) -> None:
    assert told(tests.evaluate(TestsGate(require=("unit",)), checks=checks(*found), reports={})) == (
        outcome,
        headline,
    )


def suite(**where: object) -> TestsGate:
    return TestsGate(require=("unit",), suites={"unit": Suite(**where)})


@pytest.mark.parametrize(
    ("found", "outcome", "headline"),
    [
        ([check("Tests")], PASS, "unit passed"),
        ([check("Tests"), check("Tests", FAILED, app=STRANGER)], PASS, "unit passed"),
        ([check("Tests", FAILED), check("Tests", app=STRANGER)], BLOCK, "unit failed"),
        (
            [check("Tests", app=STRANGER)],
            UNKNOWN,
            "unit has no check run named Tests by the app 15368 on 3f2a91c; "
            "one of that name is there, but made by somebody else",
        ),
    ],
)
def test_case_73_a_check_run_of_another_app_does_not_count(
    found: list[Check], outcome: Outcome, headline: str
) -> None:
    verdict = tests.evaluate(suite(check="Tests", app=CI), checks=checks(*found), reports={})
    assert told(verdict) == (outcome, headline)


@pytest.mark.parametrize(
    ("found", "outcome", "headline"),
    [
        ([check("ci/unit", app=None)], PASS, "unit passed"),
        ([check("ci/unit", FAILED, app=None, conclusion="error")], BLOCK, "unit failed (error)"),
        ([check("ci/unit", PENDING, app=None)], WAIT, "unit is still running"),
        ([check("ci/unit")], UNKNOWN, "unit has no commit status ci/unit on 3f2a91c"),
    ],
)
def test_a_suite_can_be_a_commit_status(found: list[Check], outcome: Outcome, headline: str) -> None:
    verdict = tests.evaluate(suite(status="ci/unit"), checks=checks(*found), reports={})
    assert told(verdict) == (outcome, headline)


def read(value: object) -> Reported[object]:
    return Reported(value=value, source="junit.xml in the artifact test-reports", url="https://x/1", at=NOW)


@pytest.mark.parametrize(
    ("report", "outcome", "headline"),
    [
        (read(TestReport(executed=1, passed=1)), PASS, "unit passed: 1 test"),
        (read(TestReport(executed=412, passed=412, skipped=3)), PASS, "unit passed: 412 tests (3 skipped)"),
        (read(TestReport(executed=412, passed=409, failed=3)), BLOCK, "unit failed: 3 of 412 tests"),
        (read(TestReport()), BLOCK, "unit executed no test, which is not a pass"),
        (read(TestReport(skipped=9)), BLOCK, "unit executed no test (9 skipped), which is not a pass"),
        (Unknown(why="junit.xml: is empty"), UNKNOWN, "unit could not be read: junit.xml: is empty"),
        (None, UNKNOWN, "unit could not be read: no report was found"),
        (read(PerformanceReport(passed=4, iterations=50)), PASS, "unit passed: 4 thresholds held"),
        (
            read(PerformanceReport(passed=3, failed=1, iterations=50)),
            BLOCK,
            "unit failed: 1 of 4 thresholds crossed",
        ),
        (
            read(PerformanceReport(iterations=50)),
            BLOCK,
            "unit has no thresholds, so nothing was demanded, which is not a pass",
        ),
        (read(PerformanceReport(passed=4)), BLOCK, "unit ran no iteration, which is not a pass"),
    ],
)
def test_a_suite_can_be_reports_in_an_artifact(report: object, outcome: Outcome, headline: str) -> None:
    reports = {} if report is None else {"unit": report}
    verdict = tests.evaluate(suite(artifact="test-reports"), checks=checks(), reports=reports)
    assert told(verdict) == (outcome, headline)


TWO = TestsGate(require=("unit", "integration", "unit"))


@pytest.mark.parametrize(
    ("found", "outcome", "headline"),
    [
        ([check("unit"), check("integration")], PASS, "All 2 test suites passed: unit, integration"),
        ([check("unit", FAILED), check("integration", FAILED)], BLOCK, "unit failed; integration failed"),
        ([check("unit", FAILED), check("integration", PENDING)], BLOCK, "unit failed"),
        ([check("unit"), check("integration", PENDING)], WAIT, "integration is still running"),
        (
            [check("unit", FAILED)],
            UNKNOWN,
            "integration has no check run named integration on 3f2a91c",
        ),
    ],
)
def test_every_required_suite_counts_once(found: list[Check], outcome: Outcome, headline: str) -> None:
    assert told(tests.evaluate(TWO, checks=checks(*found), reports={})) == (outcome, headline)


def test_checks_that_cannot_be_read_are_unknown() -> None:
    facts = Checks(found=Unknown(why="GitHub answered 502"), commit=COMMIT, own_app=OURS)
    verdict = tests.evaluate(TestsGate(require=("unit",)), checks=facts, reports={})
    assert told(verdict) == (UNKNOWN, "unit could not be read: GitHub answered 502")


def test_no_required_suite_is_no_pass() -> None:
    verdict = tests.evaluate(TestsGate(), checks=checks(check("unit")), reports={})
    assert told(verdict) == (
        UNKNOWN,
        "No test suite is required, so nothing was tested; name suites under tests.require",
    )


def test_the_evidence_of_a_check_names_it_its_app_and_the_commit() -> None:
    verdict = tests.evaluate(suite(check="Tests", app=CI), checks=checks(check("Tests")), reports={})
    assert verdict.evidence == (
        Evidence(
            measured="success",
            needed="success",
            source="check run Tests by the app 15368 on 3f2a91c",
            url="https://github.com/splattop/app/runs/1",
        ),
    )


def test_the_evidence_of_a_report_has_its_numbers_source_and_time() -> None:
    report = {"unit": read(TestReport(executed=412, passed=409, failed=3, skipped=2))}
    verdict = tests.evaluate(suite(artifact="test-reports"), checks=checks(), reports=report)
    assert verdict.evidence == (
        Evidence(
            measured="409 passed, 3 failed, 2 skipped",
            needed="no failure, at least 1 executed",
            source="junit.xml in the artifact test-reports",
            url="https://x/1",
            at=NOW,
        ),
    )


def test_failures_are_named_and_the_rest_is_counted() -> None:
    failures = tuple(TestFailure(name=f"test_{number}", message="boom") for number in range(7))
    report = {"unit": read(TestReport(executed=9, passed=2, failed=7, failures=failures))}
    verdict = tests.evaluate(suite(artifact="test-reports"), checks=checks(), reports=report)
    assert (verdict.reasons[0], verdict.reasons[5:]) == (r"unit: test\_0: boom", ("unit: and 2 more",))


def test_case_92_the_name_of_a_failing_test_does_nothing_on_github() -> None:
    failure = TestFailure(name="@org/all <!-- lockstep --> ![x](http://evil/x)", message="Fixes #1")
    report = {"unit": read(TestReport(executed=1, failed=1, failures=(failure,)))}
    verdict = tests.evaluate(suite(artifact="test-reports"), checks=checks(), reports=report)
    live = [bad for bad in ("@org", "<!--", "![", "http://", "#1") if bad in verdict.reasons[0]]
    assert live == []


def test_case_92_the_name_of_a_file_in_a_headline_does_nothing_on_github() -> None:
    found = {"unit": Unknown(why="@org/all.xml: is not well-formed XML")}
    verdict = tests.evaluate(suite(artifact="test-reports"), checks=checks(), reports=found)
    assert "@org" not in verdict.headline


def covered(lines: tuple[int, int], branches: tuple[int, int] | None = None) -> Reported[CoverageReport]:
    value = CoverageReport(
        lines_covered=lines[0],
        lines_total=lines[1],
        branches_covered=branches[0] if branches else None,
        branches_total=branches[1] if branches else None,
    )
    return Reported(value=value, source="coverage.xml in the artifact coverage", url="https://x/2", at=NOW)


@pytest.mark.parametrize(
    ("minimum", "lines", "outcome", "headline"),
    [
        (70, (70, 100), PASS, "Line coverage is 70%, at least 70% is needed"),
        (70, (6_999_999, 10_000_000), BLOCK, "Line coverage is 69.99%, below the 70% that is needed"),
        (80, (8, 10), PASS, "Line coverage is 80%, at least 80% is needed"),
        (80, (799, 1000), BLOCK, "Line coverage is 79.9%, below the 80% that is needed"),
        (85, (17, 20), PASS, "Line coverage is 85%, at least 85% is needed"),
        (85, (84, 99), BLOCK, "Line coverage is 84.84%, below the 85% that is needed"),
        (99.9, (999, 1000), PASS, "Line coverage is 99.9%, at least 99.9% is needed"),
        (100, (99_999, 100_000), BLOCK, "Line coverage is 99.99%, below the 100% that is needed"),
        (0, (0, 5), PASS, "Line coverage is 0%, at least 0% is needed"),
        (0, (0, 0), UNKNOWN, "Line coverage tells of no code at all, so nothing was measured"),
    ],
)
def test_the_threshold_itself_is_enough_coverage(
    minimum: float, lines: tuple[int, int], outcome: Outcome, headline: str
) -> None:
    assert told(coverage.evaluate(CoverageGate(min_percent=minimum), covered(lines))) == (outcome, headline)


@pytest.mark.parametrize(
    ("lines", "headline"),
    [
        ((80, 100), "Line coverage is 80%, at least 70% is needed"),
        ((79, 100), "Line coverage is 79%, at least 70% is needed; a warning stands at 80%"),
    ],
)
def test_a_warning_shows_and_does_not_block(lines: tuple[int, int], headline: str) -> None:
    gate = CoverageGate(min_percent=70, warn_percent=80)
    assert told(coverage.evaluate(gate, covered(lines))) == (PASS, headline)


@pytest.mark.parametrize(
    ("branches", "outcome", "headline"),
    [
        ((3, 4), PASS, "Branch coverage is 75%, at least 70% is needed"),
        ((2, 3), BLOCK, "Branch coverage is 66.66%, below the 70% that is needed"),
        (
            None,
            UNKNOWN,
            "Branch coverage was not measured; let the tests measure it, or set coverage.metric",
        ),
    ],
)
def test_branches_can_be_what_counts(
    branches: tuple[int, int] | None, outcome: Outcome, headline: str
) -> None:
    gate = CoverageGate(min_percent=70, metric="branch")
    assert told(coverage.evaluate(gate, covered((10, 10), branches))) == (outcome, headline)


def test_coverage_that_cannot_be_read_is_unknown() -> None:
    verdict = coverage.evaluate(CoverageGate(min_percent=70), Unknown(why="a.xml: is empty"))
    assert told(verdict) == (UNKNOWN, "Code coverage could not be read: a.xml: is empty")


def test_the_evidence_of_coverage_has_its_numbers_source_and_time() -> None:
    assert coverage.evaluate(CoverageGate(min_percent=70), covered((145, 200))).evidence == (
        Evidence(
            measured="72.5% (145 of 200 lines)",
            needed="≥ 70%",
            source="coverage.xml in the artifact coverage",
            url="https://x/2",
            at=NOW,
        ),
    )


def scanned(**numbers: object) -> dict[str, Reported[Findings] | Unknown]:
    value = Findings(**numbers)
    return {"artifact": Reported(value=value, source="trivy.json in the artifact security", at=NOW)}


STAGING = SecurityGate(max_critical=0, max_high=5)
CANARY = SecurityGate(max_critical=0, max_high=0)


@pytest.mark.parametrize(
    ("gate", "numbers", "outcome", "headline"),
    [
        (STAGING, {"high": 5}, PASS, "Security findings: 0 critical (at most 0), 5 high (at most 5)"),
        (STAGING, {"high": 6}, BLOCK, "6 high findings, at most 5 are allowed"),
        (STAGING, {"critical": 1}, BLOCK, "1 critical finding, none is allowed"),
        (
            STAGING,
            {"critical": 2, "high": 6},
            BLOCK,
            "2 critical findings, none is allowed; 6 high findings, at most 5 are allowed",
        ),
        (
            STAGING,
            {"medium": 900, "low": 900},
            PASS,
            "Security findings: 0 critical (at most 0), 0 high (at most 5)",
        ),
        (CANARY, {}, PASS, "Security findings: 0 critical (at most 0), 0 high (at most 0)"),
        (CANARY, {"high": 1}, BLOCK, "1 high finding, none is allowed"),
        (
            CANARY,
            {"unknown": 1},
            UNKNOWN,
            "1 security finding without a severity, which could be of any; look at them",
        ),
        (CANARY, {"high": 1, "unknown": 1}, BLOCK, "1 high finding, none is allowed"),
        (
            SecurityGate(max_critical=None, max_high=5),
            {"high": 3, "unknown": 2},
            PASS,
            "Security findings: 3 high (at most 5)",
        ),
        (
            SecurityGate(max_critical=None, max_high=5),
            {"high": 4, "unknown": 2},
            UNKNOWN,
            "2 security findings without a severity, which could be of any; look at them",
        ),
        (
            SecurityGate(max_critical=None, max_high=None),
            {"critical": 9, "unknown": 2},
            PASS,
            "Security findings: 11, no limit is set",
        ),
        (SecurityGate(max_medium=1), {"medium": 2}, BLOCK, "2 medium findings, at most 1 is allowed"),
        (SecurityGate(max_low=0), {"low": 1}, BLOCK, "1 low finding, none is allowed"),
        (
            STAGING,
            {"incomplete": ("Semgrep says that its run was not successful",)},
            UNKNOWN,
            "Semgrep says that its run was not successful, so there may be more findings",
        ),
        (
            STAGING,
            {"critical": 1, "incomplete": ("Semgrep says that its run was not successful",)},
            BLOCK,
            "1 critical finding, none is allowed",
        ),
        (
            SecurityGate(max_high=5, warn_high=2, warn_medium=10),
            {"high": 3, "medium": 10},
            PASS,
            "Security findings: 0 critical (at most 0), 3 high (at most 5); over a warning",
        ),
    ],
)
def test_findings_are_limited_by_severity(
    gate: SecurityGate, numbers: dict[str, object], outcome: Outcome, headline: str
) -> None:
    assert told(security.evaluate(gate, scanned(**numbers))) == (outcome, headline)


@pytest.mark.parametrize(("high", "reasons"), [(2, ()), (3, ("3 high findings: a warning stands at 2",))])
def test_a_warning_about_findings_says_which(high: int, reasons: tuple[str, ...]) -> None:
    verdict = security.evaluate(SecurityGate(max_high=5, warn_high=2), scanned(high=high))
    assert verdict.reasons == reasons


ALL = SecurityGate(max_high=5, sources=("artifact", "code-scanning", "dependabot"))


def test_findings_of_all_named_sources_are_added_up() -> None:
    more = Reported(value=Findings(high=3), source="code scanning alerts")
    found = {**scanned(high=2), "code-scanning": more, "dependabot": more}
    assert told(security.evaluate(ALL, found)) == (BLOCK, "8 high findings, at most 5 are allowed")


@pytest.mark.parametrize(
    ("missing", "headline"),
    [
        (
            {"dependabot": Unknown(why="GitHub answered 403")},
            "Security findings could not be read: dependabot: GitHub answered 403",
        ),
        ({}, "Security findings could not be read: dependabot: nothing was read"),
    ],
)
def test_one_source_that_cannot_be_read_makes_the_answer_unknown(
    missing: dict[str, Unknown], headline: str
) -> None:
    none = Reported(value=Findings(), source="code scanning alerts")
    verdict = security.evaluate(ALL, {**scanned(), "code-scanning": none, **missing})
    assert told(verdict) == (UNKNOWN, headline)


def test_a_source_that_the_rules_do_not_name_does_not_count() -> None:
    more = Reported(value=Findings(critical=3), source="code scanning alerts")
    assert security.evaluate(STAGING, {**scanned(), "code-scanning": more}).outcome is PASS


def test_no_source_at_all_is_unknown() -> None:
    verdict = security.evaluate(SecurityGate(sources=()), scanned())
    assert told(verdict) == (UNKNOWN, "Security findings could not be read: no source is named")


def test_the_worst_findings_are_named() -> None:
    examples = (Finding(severity="critical", id="CVE-2024-1", where="libc in image:1"),)
    verdict = security.evaluate(STAGING, scanned(critical=1, examples=examples))
    assert verdict.reasons == (r"critical: CVE\-2024\-1 in libc in image\:1",)


def test_the_evidence_of_findings_has_a_row_for_each_limit() -> None:
    assert security.evaluate(STAGING, scanned(high=6, suppressed=2)).evidence == (
        Evidence(
            measured="0 critical, 2 suppressed",
            needed="≤ 0 critical",
            source="trivy.json in the artifact security",
            at=NOW,
        ),
        Evidence(
            measured="6 high, 2 suppressed",
            needed="≤ 5 high",
            source="trivy.json in the artifact security",
            at=NOW,
        ),
    )


@pytest.mark.parametrize(
    ("gate", "found", "outcome", "headline"),
    [
        (QualityGate(), check("quality"), PASS, "Code quality passed"),
        (QualityGate(), check("quality", FAILED), BLOCK, "Code quality failed"),
        (QualityGate(), check("quality", PENDING), WAIT, "Code quality is still running"),
        (
            QualityGate(),
            check("quality", conclusion="skipped"),
            BLOCK,
            "Code quality ended as skipped, which is not a pass",
        ),
        (QualityGate(check="Sonar", app=CI), check("Sonar"), PASS, "Code quality passed"),
        (
            QualityGate(check="Sonar"),
            check("quality"),
            UNKNOWN,
            "Code quality has no check run named Sonar on 3f2a91c",
        ),
        (
            QualityGate(check="Sonar", app=CI),
            check("Sonar", app=STRANGER),
            UNKNOWN,
            "Code quality has no check run named Sonar by the app 15368 on 3f2a91c; "
            "one of that name is there, but made by somebody else",
        ),
    ],
)
def test_quality_is_a_named_check(gate: QualityGate, found: Check, outcome: Outcome, headline: str) -> None:
    assert told(quality.evaluate(gate, checks=checks(found))) == (outcome, headline)


@pytest.mark.parametrize(
    "verdict",
    [
        tests.evaluate(TestsGate(require=("unit",)), checks=checks(), reports={}),
        coverage.evaluate(CoverageGate(), Unknown(why="x")),
        security.evaluate(SecurityGate(), {}),
        quality.evaluate(QualityGate(), checks=checks()),
    ],
    ids=lambda verdict: verdict.gate,
)
def test_what_is_not_known_has_evidence_that_says_so(verdict: Verdict) -> None:
    assert [row.measured in ("unknown", "none") for row in verdict.evidence] == [True]
