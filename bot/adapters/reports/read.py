"""The doors of this room: the reports of one artifact, read and put together.

`files` maps a member's name to its bytes (see `bot.adapters.artifacts.reports.members`); every one of them must be
a report that can be read, because a file that is passed over could be the one with the failure in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import add
from typing import TypeVar

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
from bot.adapters.reports.refused import ReportRefused, refuse
from bot.model.reports import CoverageReport, Findings, PerformanceReport, TestReport

Value = TypeVar("Value", TestReport, PerformanceReport, CoverageReport, Findings)

AUTO = "auto"
COVERAGE: Mapping[str, Callable[..., CoverageReport]] = {
    "cobertura": cobertura.read,
    "lcov": lcov.read,
    "coverage.py": coverage_py.read,
    "jacoco": jacoco.read,
    "jest-summary": jest_summary.read,
}
SECURITY: Mapping[str, Callable[..., Findings]] = {
    "sarif": sarif.read,
    "trivy": trivy.read,
    "grype": grype.read,
    "snyk": snyk.read,
}


def read_suite(files: Mapping[str, bytes], *, format: str) -> TestReport | PerformanceReport:
    """The reports of one test suite; `format` is that of `Suite`: `junit` or `k6`. Raises like `read_tests`."""
    return read_performance(files) if format == "k6" else read_tests(files)


def read_tests(files: Mapping[str, bytes]) -> TestReport:
    """All JUnit reports together. Raises ReportRefused for the first that cannot be read, or when there is none."""
    return _together({name: junit.read(data, name=name) for name, data in _some(files).items()})


def read_performance(files: Mapping[str, bytes]) -> PerformanceReport:
    """All summaries of k6 together. Raises like `read_tests`."""
    return _together({name: k6.read(data, name=name) for name, data in _some(files).items()})


def read_coverage(files: Mapping[str, bytes], *, format: str = AUTO) -> CoverageReport:
    """All coverage reports together; `format` is `auto` or a key of `COVERAGE`. Raises like `read_tests`."""
    return _together(_each(files, format, COVERAGE))


def read_findings(files: Mapping[str, bytes], *, format: str = AUTO) -> Findings:
    """All security reports together; `format` is `auto` or a key of `SECURITY`. Raises like `read_tests`."""
    return _together(_each(files, format, SECURITY))


def _each(
    files: Mapping[str, bytes], format: str, readers: Mapping[str, Callable[..., Value]]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, data in _some(files).items():
        known = detect(data, name=name) if format == AUTO else format
        if known not in readers:
            refuse(
                name, f"is {known}, where one of {', '.join(readers)} is expected; set `files` or `format`"
            )
        found[name] = readers[known](data, name=name)
    return found


def _some(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    if not files:
        raise ReportRefused("the artifact", "holds no file that matches `files`, so nothing was measured")
    return files


def _together(found: Mapping[str, Value]) -> Value:
    return reduce(add, found.values())
