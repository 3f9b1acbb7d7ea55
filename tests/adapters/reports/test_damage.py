"""Whatever happens to a report on its way, it is read or refused: no other error, and no pass that was none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from bot.adapters.reports import coverage_py, grype, jest_summary, k6, sarif, snyk, trivy
from bot.adapters.reports.detect import detect
from bot.adapters.reports.read import COVERAGE, SECURITY, read_performance, read_tests
from bot.adapters.reports.refused import ReportRefused
from bot.model.reports import CoverageReport, Findings, PerformanceReport

DATA = Path(__file__).resolve().parents[2] / "data" / "reports"
REPORTS = [path.read_bytes() for path in sorted(DATA.glob("*/**/*")) if path.is_file()]
JSON_READERS = (coverage_py, grype, jest_summary, k6, sarif, snyk, trivy)

_PIECES = st.sampled_from(
    [
        b"",
        b"<",
        b">",
        b'"',
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"1e9",
        b"-1",
        b"true",
        b"{}",
        b"[]",
        b"\0",
    ]
)


@st.composite
def damaged(draw: DrawFn) -> bytes:
    """A report of a real tool of which one to four places were replaced or cut out."""
    data = draw(st.sampled_from(REPORTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        length = draw(st.sampled_from([0, 1, 2, 5, 20, 200]))
        data = data[:start] + draw(_PIECES) + data[start + length :]
    return data


def settled(data: bytes) -> bool:
    """Whether every door answers with a value or with its one error."""
    try:
        known = detect(data, name="report")
    except ReportRefused:
        known = ""
    doors = [
        lambda: read_tests({"report": data}),
        lambda: read_performance({"report": data}),
        *(lambda each=each: each(data, name="report") for each in (*COVERAGE.values(), *SECURITY.values())),
    ]
    read = 0
    for door in doors:
        try:
            door()
        except ReportRefused:
            continue
        read += 1
    return read <= 1 and (known != "" or not read)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=damaged())
def test_a_damaged_report_is_read_by_one_reader_or_by_none(data: bytes) -> None:
    assert settled(data)


KEYS = re.findall(
    r"[\w-]+",
    """
    version runs results level kind tool driver rules id ruleId ruleIndex rule index properties suppressions
    security-severity totals covered_lines num_statements metrics root_group thresholds ok iterations count values
    total lines branches covered matches source vulnerability severity vulnerabilities error applications
    SchemaVersion ArtifactName Results Target Vulnerabilities Severity ClusterName Resources report
""",
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**20)
    | st.sampled_from(["", "HIGH", "error", "2.1.0", "9.9"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(document=JSON, reader=st.sampled_from(JSON_READERS))
def test_json_of_any_shape_is_read_or_refused(document: object, reader: ModuleType) -> None:
    try:
        answer = reader.read(json.dumps(document).encode(), name="report.json")
    except ReportRefused as refusal:
        answer = refusal
    assert isinstance(answer, CoverageReport | Findings | PerformanceReport | ReportRefused)
