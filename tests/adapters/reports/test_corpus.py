"""Reports of real tools: each one is read, or refused with a reason; the numbers agree with a simple count.

LOCKSTEP_CORPUS names a folder with more of the same, in its part `quality`.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bot.adapters.reports import (
    cobertura,
    coverage_py,
    grype,
    jacoco,
    jest_summary,
    junit,
    k6,
    lcov,
    sarif,
    snyk,
    trivy,
)
from bot.adapters.reports.detect import detect
from bot.adapters.reports.refused import ReportRefused

READERS: dict[str, Callable[..., Any]] = {
    "junit": junit.read,
    "k6": k6.read,
    "cobertura": cobertura.read,
    "lcov": lcov.read,
    "coverage.py": coverage_py.read,
    "jest-summary": jest_summary.read,
    "jacoco": jacoco.read,
    "sarif": sarif.read,
    "trivy": trivy.read,
    "grype": grype.read,
    "snyk": snyk.read,
}
FORMAT_OF = {"coverage-py": "coverage.py", "trivy-operator": "trivy"}
"""Folder to format, where they differ."""
NOT_A_REPORT = {"non-junit.xml", "jacoco--empty.xml"}
"""Files that stand among reports and are none."""
STATES_MORE_THAN_IT_HOLDS = {
    "junit--empty.xml": "a failure and no case",
    "junit--jest-junit.xml": "cut",
    "junit--junit-no-message-or-type.xml": "cut",
}


OWN = Path(__file__).resolve().parents[2] / "data" / "reports"
DATA = Path(os.environ["LOCKSTEP_CORPUS"]) / "quality" if os.environ.get("LOCKSTEP_CORPUS") else OWN


def folder(path: Path) -> str:
    return next(
        part for part in path.parts[::-1] if part in FORMAT_OF or part in READERS or part.startswith("not-")
    )


def refusable(path: Path) -> bool:
    return path.name in NOT_A_REPORT or folder(path).startswith("not-")


def everything(where: Path = DATA) -> list[Path]:
    return sorted(path for path in where.glob("*/**/*") if path.is_file())


def name_of(path: Path) -> str:
    return path.relative_to(DATA).as_posix()


def each(name: str, but: Callable[[Path], bool] = lambda _: False) -> pytest.MarkDecorator:
    """The test runs for every report of a folder that is one, but for those of which `but` is true."""
    found = [path for path in everything() if folder(path) == name and not refusable(path) and not but(path)]
    return pytest.mark.parametrize("path", found, ids=name_of)


def outcome(path: Path) -> str:
    """The format that was found and read, or `refused`."""
    data = path.read_bytes()
    try:
        known = detect(data, name=path.name)
        READERS[known](data, name=path.name)
    except ReportRefused as refusal:
        return (
            "refused" if str(refusal).startswith(f"{path.name}: ") else f"refused without its name: {refusal}"
        )
    return known


@pytest.mark.parametrize("path", everything(), ids=name_of)
def test_every_file_is_read_as_what_it_is_or_refused(path: Path) -> None:
    expected = "refused" if refusable(path) else FORMAT_OF.get(folder(path), folder(path))
    assert outcome(path) == expected


def plain_tree(path: Path) -> ElementTree.Element:
    """The document without any of our guards."""
    return ElementTree.fromstring(path.read_bytes())


@each("junit")
def test_every_case_of_junit_is_counted_once(path: Path) -> None:
    found = junit.read(path.read_bytes(), name="report.xml")
    cases = list(plain_tree(path).iter("testcase"))
    invented = 1 if path.name == "junit--empty.xml" else 0
    broken = sum(1 for case in cases if {"failure", "error"} & {part.tag for part in case})
    assert (found.executed + found.skipped, found.failed) == (len(cases) + invented, broken + invented)


def leaves(path: Path) -> list[ElementTree.Element]:
    """The suites that hold cases."""
    return [suite for suite in plain_tree(path).iter("testsuite") if suite.find("testcase") is not None]


def states_no_counts(path: Path) -> bool:
    suites = leaves(path)
    told = all({"tests", "failures"} <= set(suite.attrib) for suite in suites)
    nested = any(suite.find("testsuite") is not None for suite in suites)
    return not suites or not told or nested or path.name in STATES_MORE_THAN_IT_HOLDS


@each("junit", but=states_no_counts)
def test_the_count_of_junit_is_the_one_that_its_suites_state(path: Path) -> None:
    found = junit.read(path.read_bytes(), name="report.xml")
    suites = leaves(path)
    tests, failures, errors = (
        sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors")
    )
    assert (found.executed + found.skipped, found.failed) == (tests, failures + errors)


def states_no_totals(path: Path) -> bool:
    return "lines-valid" not in plain_tree(path).attrib


@each("cobertura", but=states_no_totals)
def test_the_rate_that_cobertura_states_is_the_one_of_its_lines(path: Path) -> None:
    found = cobertura.read(path.read_bytes(), name="report.xml")
    stated = float(plain_tree(path).get("line-rate", "nan"))
    assert abs(found.lines_covered / found.lines_total - stated) < 0.01


@each("cobertura")
def test_old_cobertura_without_totals_is_counted_line_by_line(path: Path) -> None:
    root = plain_tree(path)
    lines: dict[tuple[str, str], int] = {}
    for part in root.iter("class"):
        for line in part.findall("lines/line"):
            key = part.get("filename", ""), line.get("number", "")
            lines[key] = max(lines.get(key, 0), int(line.get("hits", "0")))
    for key in ("lines-valid", "lines-covered"):
        root.attrib.pop(key, None)
    found = cobertura.read(ElementTree.tostring(root), name="report.xml")
    assert (found.lines_covered, found.lines_total) == (sum(1 for hits in lines.values() if hits), len(lines))


@each("coverage-py")
def test_the_percentage_that_coverage_py_states_is_the_one_of_its_numbers(path: Path) -> None:
    found = coverage_py.read(path.read_bytes(), name="coverage.json")
    covered = found.lines_covered + (found.branches_covered or 0)
    stated = json.loads(path.read_bytes())["totals"]["percent_covered"]
    assert abs(100 * covered / (found.lines_total + (found.branches_total or 0)) - stated) < 1e-9


@each("jest-summary")
def test_the_percentage_that_istanbul_states_is_the_one_of_its_lines(path: Path) -> None:
    found = jest_summary.read(path.read_bytes(), name="coverage-summary.json")
    stated = json.loads(path.read_bytes())["total"]["lines"]["pct"]
    assert abs(100 * found.lines_covered / found.lines_total - stated) < 0.01


@each("jacoco")
def test_the_lines_of_jacoco_are_those_of_its_packages_together(path: Path) -> None:
    found = jacoco.read(path.read_bytes(), name="jacoco.xml")
    root = plain_tree(path)
    counters = [each for each in root.findall("package/counter") if each.get("type") == "LINE"]
    covered, missed = (sum(int(each.get(key, "")) for each in counters) for key in ("covered", "missed"))
    assert (found.lines_covered, found.lines_total) == (covered, covered + missed)


@each("lcov")
def test_the_lines_of_lcov_are_those_with_hits(path: Path) -> None:
    found = lcov.read(path.read_bytes(), name="lcov.info")
    hits = re.findall(r"^DA:\d+,(\d+)", path.read_text("utf-8"), re.MULTILINE)
    assert (found.lines_covered, found.lines_total) == (sum(1 for hit in hits if hit != "0"), len(hits))


@each("sarif")
def test_every_result_of_sarif_is_counted_or_suppressed(path: Path) -> None:
    found = sarif.read(path.read_bytes(), name="results.sarif")
    runs = json.loads(path.read_text("utf-8-sig"))["runs"]
    assert found.total + found.suppressed == sum(len(run["results"]) for run in runs)


def has_scores_or_defaults(path: Path) -> bool:
    text = path.read_text("utf-8-sig")
    results = [result for run in json.loads(text)["runs"] for result in run["results"]]
    return "security-severity" in text or not all("level" in result for result in results)


@each("sarif", but=has_scores_or_defaults)
def test_a_level_that_sarif_states_decides_when_there_is_no_score(path: Path) -> None:
    found = sarif.read(path.read_bytes(), name="results.sarif")
    runs = json.loads(path.read_text("utf-8-sig"))["runs"]
    levels = Counter(x["level"] for run in runs for x in run["results"] if not x.get("suppressions"))
    stated = (levels["error"], levels["warning"], levels["note"])
    assert (found.high, found.medium, found.low) == stated


@each("trivy")
def test_trivys_severities_are_those_written_in_the_file(path: Path) -> None:
    found = trivy.read(path.read_bytes(), name="trivy.json")
    words = Counter(re.findall(r'"Severity": "([A-Z]+)"', path.read_text("utf-8")))
    names = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN")
    assert [getattr(found, word.lower()) for word in names] == [words[word] for word in names]


@each("trivy-operator")
def test_the_operators_summary_agrees(path: Path) -> None:
    found = trivy.read(path.read_bytes(), name="report.json")
    summary = json.loads(path.read_bytes())["report"]["summary"]
    assert (found.critical, found.high, found.medium, found.low) == tuple(
        summary[f"{word}Count"] for word in ("critical", "high", "medium", "low")
    )


@each("grype")
def test_every_match_of_grype_is_a_finding(path: Path) -> None:
    found = grype.read(path.read_bytes(), name="grype.json")
    matches = json.loads(path.read_bytes())["matches"]
    critical = sum(1 for match in matches if match["vulnerability"]["severity"] == "Critical")
    assert (found.total, found.critical) == (len(matches), critical)


@each("snyk")
def test_snyks_issues_are_counted_once_for_each_project(path: Path) -> None:
    found = snyk.read(path.read_bytes(), name="snyk.json")
    top = json.loads(path.read_bytes())
    projects = [top, *top.get("applications", [])]
    assert found.total == sum(len({issue["id"] for issue in each["vulnerabilities"]}) for each in projects)


@each("k6")
def test_k6s_thresholds_are_all_counted(path: Path) -> None:
    found = k6.read(path.read_bytes(), name="summary.json")
    metrics = json.loads(path.read_bytes())["metrics"].values()
    assert found.passed + found.failed == sum(len(metric.get("thresholds", {})) for metric in metrics)


@each("k6")
def test_k6s_crossed_thresholds_are_those_of_the_measured_values(path: Path) -> None:
    found = k6.read(path.read_bytes(), name="summary.json")
    crossed = 0
    for metric in json.loads(path.read_bytes())["metrics"].values():
        values = metric.get("values", metric)
        for condition in metric.get("thresholds", {}):
            what, sign, limit = re.split(r"([<>])", condition)
            value = values.get(what, values.get("value"))
            crossed += not (value < float(limit) if sign == "<" else value > float(limit))
    assert found.failed == crossed


def test_there_are_reports_of_every_format() -> None:
    found = {outcome(path) for path in everything(OWN)}
    assert {*READERS, "refused"} - found == set()
