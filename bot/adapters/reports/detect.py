"""Which format is this report? By its content only: names of files are everybody's choice."""

from __future__ import annotations

from collections.abc import Callable

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
from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import ReportRefused, check_size, shown
from bot.adapters.reports.xml_document import root_of

_JSON: tuple[tuple[str, Callable[[Cursor], bool]], ...] = (
    ("sarif", sarif.is_sarif),
    ("k6", k6.is_k6),
    ("coverage.py", coverage_py.is_coverage_py),
    ("jest-summary", jest_summary.is_jest_summary),
    ("grype", grype.is_grype),
    ("snyk", snyk.is_snyk),
    ("trivy", trivy.is_trivy),
)
_MARKUP = b"<"
_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def detect(data: bytes, *, name: str) -> str:
    """One of the formats, for `format: auto`. Raises ReportRefused when it is none of them, or unreadable."""
    check_size(data, name=name)
    start = _start(data)
    if start == _MARKUP:
        return _xml(data, name)
    if start in (b"{", b"["):
        return _json(data, name)
    if lcov.is_lcov(data):
        return "lcov"
    raise ReportRefused(
        name, "is no report that Lockstep reads: neither XML, JSON nor lcov; name the reports with `files`"
    )


def _start(data: bytes) -> bytes:
    """The first character that is no white space, whatever the encoding's width."""
    for bom in _BOMS:
        data = data.removeprefix(bom)
    return data[:256].replace(b"\0", b"").lstrip()[:1]


def _xml(data: bytes, name: str) -> str:
    root = root_of(data, name=name)
    if root.tag in junit.ROOTS:
        return "junit"
    if cobertura.is_cobertura(root):
        return "cobertura"
    if jacoco.is_jacoco(root):
        return "jacoco"
    raise ReportRefused(
        name,
        f"has the root element <{shown(root.tag, 40)}>, which is neither JUnit's, Cobertura's nor JaCoCo's",
    )


def _json(data: bytes, name: str) -> str:
    document = load_json(data, name=name)
    for known, is_it in _JSON:
        if is_it(document):
            return known
    known_ones = ", ".join(known for known, _ in _JSON)
    raise ReportRefused(name, f"is JSON, but of none of the reports that Lockstep reads ({known_ones})")
