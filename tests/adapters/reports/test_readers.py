"""What each reader makes of the shapes that matter: every row is a small report and the numbers in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from bot.adapters.reports import cobertura, grype, jacoco, junit, k6, lcov, sarif, snyk, trivy
from bot.adapters.reports.detect import detect
from bot.adapters.reports.read import read_coverage, read_findings, read_performance, read_suite, read_tests
from bot.adapters.reports.refused import ReportRefused
from bot.model.reports import CoverageReport, Finding, Findings, PerformanceReport, TestFailure, TestReport


@pytest.mark.parametrize(
    ("cases", "executed", "failed", "skipped"),
    [
        ("", 0, 0, 0),
        ('<testcase name="a"/>', 1, 0, 0),
        ('<testcase name="a"><failure/></testcase>', 1, 1, 0),
        ('<testcase name="a"><error/></testcase>', 1, 1, 0),
        ('<testcase name="a"><failure/><error/></testcase>', 1, 1, 0),
        ('<testcase name="a"><skipped/></testcase>', 0, 0, 1),
        ('<testcase name="a"><skipped/><failure/></testcase>', 1, 1, 0),
        ('<testcase name="a"><flakyFailure/></testcase>', 1, 0, 0),
        ('<testcase name="a"><failure/><rerunFailure/></testcase>', 1, 1, 0),
        ('<testcase name="a" status="ERROR"/>', 1, 1, 0),
        ('<testcase name="a" status="WARNING"/>', 1, 0, 0),
        ('<testcase name="a" status="notrun"/>', 0, 0, 1),
        ('<testcase name="a" status="run" result="completed"/>', 1, 0, 0),
        ('<testsuite><testsuite><testcase name="a"/></testsuite><testcase name="b"/></testsuite>', 2, 0, 0),
        ('<testsuite failures="2" errors="1"/>', 3, 3, 0),
        ('<testsuite failures="1"><testcase name="a"/></testsuite>', 2, 1, 0),
        ('<testsuite failures="1"><testcase name="a"><error/></testcase></testsuite>', 1, 1, 0),
        ('<testsuite tests="9" failures="0" errors=""/>', 0, 0, 0),
        ('<group><testcase name="a"><failure/></testcase></group>', 1, 1, 0),
        ('<testcase name="a"><testcase name="b"><failure/></testcase></testcase>', 2, 1, 0),
        ("<properties/><system-out>FAILED</system-out>", 0, 0, 0),
    ],
)
def test_junit_counts_the_cases(cases: str, executed: int, failed: int, skipped: int) -> None:
    found = junit.read(f"<testsuites>{cases}</testsuites>".encode(), name="junit.xml")
    assert (found.executed, found.failed, found.skipped) == (executed, failed, skipped)


def test_junit_tells_the_name_and_first_line_of_a_failure() -> None:
    document = b'<testsuite><testcase classname="a.B" name="c"><failure>\n boom\n at x</failure></testcase></testsuite>'
    found = junit.read(document, name="junit.xml")
    assert found.failures == (TestFailure(name="a.B.c", message="boom"),)


def test_junit_with_a_namespace_is_read() -> None:
    document = b'<testsuite xmlns="urn:x"><testcase name="a"><failure/></testcase></testsuite>'
    assert junit.read(document, name="junit.xml").failed == 1


def test_junit_keeps_only_the_first_failures_by_name() -> None:
    cases = "".join(f'<testcase name="{n}"><failure/></testcase>' for n in range(50))
    found = junit.read(f"<testsuite>{cases}</testsuite>".encode(), name="junit.xml")
    assert (found.failed, len(found.failures)) == (50, 20)


@pytest.mark.parametrize(
    ("thresholds", "passed", "failed"),
    [
        ({"p(95)<500": {"ok": True}}, 1, 0),
        ({"p(95)<500": {"ok": False}}, 0, 1),
        ({"p(95)<500": False}, 1, 0),
        ({"p(95)<500": True}, 0, 1),
        ({}, 0, 0),
    ],
)
def test_k6_says_the_opposite_in_its_two_summaries(
    thresholds: Mapping[str, object], passed: int, failed: int
) -> None:
    metrics = {"http_req_duration": {"p(95)": 600.0, "thresholds": thresholds}}
    found = k6.read(json.dumps({"metrics": metrics, "root_group": {}}).encode(), name="k6.json")
    assert (found.passed, found.failed) == (passed, failed)


def test_k6_tells_the_measured_value_of_a_crossed_threshold() -> None:
    metric = {"type": "trend", "values": {"p(95)": 600.25}, "thresholds": {"p(95)<500": {"ok": False}}}
    document = {"metrics": {"http_req_duration": metric}, "root_group": {}}
    found = k6.read(json.dumps(document).encode(), name="k6.json")
    assert found.failures == (TestFailure(name="http_req_duration: p(95)<500", message="p(95) was 600.25"),)


@pytest.mark.parametrize(
    "thresholds", [{"p(95)<500": "yes"}, {"p(95)<500": {"ok": 1}}, {"p(95)<500": None}, ["p"]]
)
def test_k6_with_a_threshold_that_is_neither_true_nor_false_is_refused(thresholds: object) -> None:
    document = {"metrics": {"a": {"thresholds": thresholds}}, "root_group": {}}
    with pytest.raises(ReportRefused, match=r"metrics\.a\.thresholds"):
        k6.read(json.dumps(document).encode(), name="k6.json")


def test_cobertura_without_branches_does_not_invent_them() -> None:
    line = b'<class filename="a"><lines><line number="1" hits="1"/></lines></class>'
    document = b'<coverage line-rate="1">' + line + b"</coverage>"
    assert cobertura.read(document, name="c.xml") == CoverageReport(lines_covered=1, lines_total=1)


def test_cobertura_takes_the_better_of_two_countings_of_one_line() -> None:
    line = (
        '<class filename="a"><lines><line number="1" hits="1" condition-coverage="x ({}/2)"/></lines></class>'
    )
    document = f'<coverage line-rate="1">{line.format(2)}{line.format(1)}</coverage>'
    assert cobertura.read(document.encode(), name="c.xml").branches == (2, 2)


def test_jacoco_without_lines_is_refused() -> None:
    with pytest.raises(ReportRefused, match="no counter of lines"):
        jacoco.read(b'<report name="a"><counter type="CLASS" missed="0" covered="1"/></report>', name="j.xml")


@pytest.mark.parametrize(
    ("text", "covered", "total"),
    [
        ("SF:a\nDA:1,1\nDA:2,0\nend_of_record\n", 1, 2),
        ("SF:a\nDA:1,0\nend_of_record\nSF:a\nDA:1,3\nend_of_record\n", 1, 1),
        ("SF:a\nLF:10\nLH:7\nend_of_record\n", 7, 10),
        ("SF:a\nDA:1,1\nLF:10\nLH:7\nend_of_record\n", 1, 1),
        ("SF:a\r\nDA:1,1,abc==\r\nend_of_record\r\n", 1, 1),
    ],
)
def test_lcov_counts_each_line_once(text: str, covered: int, total: int) -> None:
    found = lcov.read(text.encode(), name="lcov.info")
    assert found.lines == (covered, total)


def sarif_of(
    *results: Mapping[str, object], rule: Mapping[str, object] | None = None, **run: object
) -> bytes:
    driver = {"name": "Scanner", "rules": [{"id": "R1", **(rule or {})}]}
    return json.dumps(
        {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results, **run}]}
    ).encode()


def severities(found: Findings) -> list[str]:
    return [each.severity for each in found.examples]


@pytest.mark.parametrize(
    ("result", "rule", "severity"),
    [
        ({"level": "error"}, {}, "high"),
        ({"level": "warning"}, {}, "medium"),
        ({"level": "note"}, {}, "low"),
        ({"level": "none"}, {}, "low"),
        ({}, {}, "medium"),
        ({}, {"defaultConfiguration": {"level": "error"}}, "high"),
        ({"level": "note"}, {"defaultConfiguration": {"level": "error"}}, "low"),
        ({"level": "fatal"}, {}, "unknown"),
        ({"level": "note"}, {"properties": {"security-severity": "9.0"}}, "critical"),
        ({"level": "note"}, {"properties": {"security-severity": "8.9"}}, "high"),
        ({"level": "note"}, {"properties": {"security-severity": 7.0}}, "high"),
        ({"level": "note"}, {"properties": {"security-severity": "6.9"}}, "medium"),
        ({"level": "error"}, {"properties": {"security-severity": "4.0"}}, "medium"),
        ({"level": "error"}, {"properties": {"security-severity": "3.9"}}, "low"),
        ({"level": "error"}, {"properties": {"security-severity": "0.0"}}, "high"),
        ({"level": "note"}, {"properties": {"security-severity": "11"}}, "unknown"),
        ({"level": "note"}, {"properties": {"security-severity": "nan"}}, "unknown"),
        ({"level": "note"}, {"properties": {"security-severity": "bad"}}, "unknown"),
        (
            {"properties": {"security-severity": "9.1"}},
            {"properties": {"security-severity": "1"}},
            "critical",
        ),
        ({"kind": "open", "level": "none"}, {}, "unknown"),
        ({"kind": "review", "level": "none"}, {}, "unknown"),
        ({"kind": "fail", "level": "error"}, {}, "high"),
    ],
)
def test_sarif_gives_a_result_its_severity(
    result: Mapping[str, object], rule: Mapping[str, object], severity: str
) -> None:
    found = sarif.read(sarif_of({"ruleId": "R1", **result}, rule=rule), name="s.sarif")
    assert severities(found) == [severity]


@pytest.mark.parametrize(
    "reference",
    [
        {"ruleId": "R1"},
        {"ruleId": "R1/sub"},
        {"ruleIndex": 0},
        {"ruleId": "R1", "ruleIndex": -1},
        {"rule": {"index": 0}},
        {"rule": {"id": "R1"}},
    ],
)
def test_sarif_finds_the_rule_however_it_is_referred_to(reference: Mapping[str, object]) -> None:
    data = sarif_of(reference, rule={"properties": {"security-severity": "9.9"}})
    assert severities(sarif.read(data, name="s.sarif")) == ["critical"]


def test_sarif_finds_a_rule_of_an_extension() -> None:
    extension = {"name": "Pack", "rules": [{"id": "R1", "properties": {"security-severity": "9.9"}}]}
    tool = {"driver": {"name": "Scanner", "rules": [{"id": "R1"}]}, "extensions": [extension]}
    result = {"ruleId": "R1", "rule": {"index": 0, "toolComponent": {"index": 0}}}
    document = {"version": "2.1.0", "runs": [{"tool": tool, "results": [result]}]}
    assert severities(sarif.read(json.dumps(document).encode(), name="s.sarif")) == ["critical"]


@pytest.mark.parametrize(
    ("result", "counted", "suppressed"),
    [
        ({"suppressions": [{"kind": "inSource"}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "status": "accepted"}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "status": "underReview"}]}, 1, 0),
        ({"suppressions": [{"kind": "inSource"}, {"kind": "external", "status": "rejected"}]}, 1, 0),
        ({"suppressions": []}, 1, 0),
        ({"baselineState": "absent"}, 0, 0),
        ({"baselineState": "unchanged"}, 1, 0),
        ({"kind": "pass"}, 0, 0),
        ({"kind": "notApplicable"}, 0, 0),
        ({"kind": "informational"}, 0, 0),
    ],
)
def test_sarif_counts_what_stands(result: Mapping[str, object], counted: int, suppressed: int) -> None:
    found = sarif.read(sarif_of({"ruleId": "R1", **result}), name="s.sarif")
    assert (found.total, found.suppressed) == (counted, suppressed)


def test_sarif_of_a_scan_that_did_not_succeed_is_incomplete() -> None:
    data = sarif_of({"ruleId": "R1"}, invocations=[{"executionSuccessful": False}])
    found = sarif.read(data, name="s.sarif")
    assert (found.total, found.incomplete) == (1, ("Scanner says that its run was not successful",))


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"version": "2.1.0", "runs": []}, "no run"),
        ({"version": "2.1.0", "runs": None}, "no run"),
        ({"version": "1.0.0", "runs": [{}]}, "version 2.1.0"),
        ({"version": "2.1.0", "runs": [{"tool": {}}]}, r"no results in runs\[0\]"),
        (
            {
                "version": "2.1.0",
                "runs": [{"externalPropertyFileReferences": {"results": [{}]}, "results": []}],
            },
            "in other files",
        ),
        ({"version": "2.1.0", "runs": [{"results": [{"ruleIndex": 7}]}]}, "does not hold"),
        ({"version": "2.1.0", "runs": [{"results": [{"ruleIndex": 0}]}]}, "does not hold"),
        ({"version": "2.1.0", "runs": [{"results": [{"level": 3}]}]}, r"results\[0\].level"),
        ({"version": "2.1.0", "runs": {"results": []}}, "a list"),
    ],
)
def test_sarif_without_a_scan_is_refused(document: object, says: str) -> None:
    with pytest.raises(ReportRefused, match=says):
        sarif.read(json.dumps(document).encode(), name="s.sarif")


def test_trivy_counts_vulnerabilities_secrets_and_failed_checks_but_no_licences() -> None:
    result = {
        "Target": "app",
        "Vulnerabilities": [{"VulnerabilityID": "CVE-1", "Severity": "CRITICAL"}],
        "Misconfigurations": [
            {"ID": "A", "Severity": "HIGH", "Status": "FAIL"},
            {"ID": "B", "Severity": "HIGH", "Status": "PASS"},
        ],
        "Secrets": [{"RuleID": "aws", "Severity": "MEDIUM"}],
        "Licenses": [{"Severity": "HIGH"}],
    }
    document = {"SchemaVersion": 2, "ArtifactName": "app", "Results": [result]}
    found = trivy.read(json.dumps(document).encode(), name="t.json")
    assert (found.critical, found.high, found.medium, found.low) == (1, 1, 1, 0)


def test_a_check_of_the_trivy_operator_that_succeeded_is_no_finding() -> None:
    checks = [{"checkID": "A", "severity": "HIGH", "success": each} for each in (True, False)]
    document = {"kind": "ConfigAuditReport", "report": {"checks": checks}}
    assert trivy.read(json.dumps(document).encode(), name="t.json").high == 1


def test_trivy_with_nothing_to_report_finds_nothing() -> None:
    assert trivy.read(b'{"SchemaVersion": 2, "ArtifactName": "a"}', name="t.json") == Findings()


def test_trivy_of_a_cluster_that_it_could_not_scan_is_refused() -> None:
    document = {"ClusterName": "c", "Resources": [{"Name": "a", "Error": "scan failed"}]}
    with pytest.raises(ReportRefused, match="could not scan everything"):
        trivy.read(json.dumps(document).encode(), name="t.json")


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("Critical", "critical"),
        ("Negligible", "low"),
        ("Unknown", "unknown"),
        ("", "unknown"),
        ("Bad", "unknown"),
    ],
)
def test_grypes_words_become_severities(word: str, severity: str) -> None:
    match = {"vulnerability": {"id": "CVE-1", "severity": word}, "artifact": {"name": "libc"}}
    document = {"matches": [match], "ignoredMatches": [match], "descriptor": {}}
    found = grype.read(json.dumps(document).encode(), name="g.json")
    assert (found.examples, found.suppressed) == ((Finding(severity=severity, id="CVE-1", where="libc"),), 1)


def test_snyk_counts_an_issue_once_for_all_its_ways_and_takes_its_worst_severity() -> None:
    issues = [
        {"id": "S1", "severity": "low"},
        {"id": "S1", "severity": "high"},
        {"id": "L", "type": "license"},
    ]
    document = [{"ok": False, "vulnerabilities": issues}, {"ok": False, "vulnerabilities": issues[:1]}]
    found = snyk.read(json.dumps(document).encode(), name="s.json")
    assert (found.high, found.low, found.total) == (1, 1, 2)


def test_snyk_that_could_not_test_is_refused() -> None:
    with pytest.raises(ReportRefused, match="could not test"):
        snyk.read(b'{"ok": false, "error": "no manifest", "path": "."}', name="s.json")


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b"\xef\xbb\xbf<testsuites/>", "junit"),
        ("<?xml version='1.0' encoding='utf-16'?><testsuites/>".encode("utf-16"), "junit"),
        (b"\n<coverage lines-valid='1'/>", "cobertura"),
        (b"<report/>", "jacoco"),
        (b"TN:\nSF:a\nend_of_record\n", "lcov"),
        (b'\xef\xbb\xbf{"version": "2.1.0", "runs": []}', "sarif"),
    ],
)
def test_the_format_is_found_by_content(data: bytes, format: str) -> None:
    assert detect(data, name="report") == format


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<html/>", "<html>"),
        (b"<coverage generated='1'/>", "<coverage>"),
        (b'{"a": 1}', "none of the reports"),
        (b"[]", "none of the reports"),
        (b"PK\x03\x04", "neither XML, JSON nor lcov"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_report_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(ReportRefused, match=f"^x: .*{says}"):
        detect(data, name="x")


COBERTURA = (
    b'<coverage lines-valid="10" lines-covered="7" branches-valid="4" branches-covered="1" line-rate="0.7"/>'
)
LCOV = b"SF:a\nDA:1,1\nend_of_record\n"
JUNIT = b'<testsuite><testcase name="a"/></testsuite>'


def test_reports_of_an_artifact_are_added_up() -> None:
    assert read_coverage({"a.xml": COBERTURA, "b.xml": COBERTURA}) == CoverageReport(
        lines_covered=14, lines_total=20, branches_covered=2, branches_total=8
    )


def test_branches_that_one_report_does_not_measure_are_not_known_for_all() -> None:
    assert read_coverage({"a.xml": COBERTURA, "b.info": LCOV}) == CoverageReport(
        lines_covered=8, lines_total=11
    )


def test_suites_of_an_artifact_are_added_up() -> None:
    assert read_tests({"a.xml": JUNIT, "b.xml": JUNIT}).passed == 2


def test_the_reports_of_a_suite_are_read_in_its_format() -> None:
    summary = b'{"metrics": {"iterations": {"count": 3}}, "root_group": {}}'
    found = [read_suite({"a": JUNIT}, format="junit"), read_suite({"a": summary}, format="k6")]
    assert found == [TestReport(executed=1, passed=1, suites=1), PerformanceReport(iterations=3)]


def test_findings_of_several_scanners_are_added_up_with_the_worst_first() -> None:
    grype_report = json.dumps(
        {"matches": [{"vulnerability": {"id": "C", "severity": "Critical"}}], "descriptor": {}}
    ).encode()
    found = read_findings({"a.sarif": sarif_of({"ruleId": "R1"}), "b.json": grype_report})
    assert severities(found) == ["critical", "medium"]


@pytest.mark.parametrize("read", [read_tests, read_performance, read_coverage, read_findings])
def test_an_artifact_without_a_report_is_refused(read: Callable[..., object]) -> None:
    with pytest.raises(ReportRefused, match="no file that matches"):
        read({})


def test_one_file_that_is_no_report_refuses_all() -> None:
    with pytest.raises(ReportRefused, match=r"^index\.html: "):
        read_coverage({"a.xml": COBERTURA, "index.html": b"<html></html>"})


def test_a_report_of_another_kind_is_refused() -> None:
    with pytest.raises(ReportRefused, match=r"^a\.xml: is junit, where one of cobertura, lcov"):
        read_coverage({"a.xml": JUNIT})


def test_a_named_format_is_not_guessed() -> None:
    with pytest.raises(ReportRefused, match=r"^a\.info: is not well-formed XML"):
        read_coverage({"a.info": LCOV}, format="cobertura")
