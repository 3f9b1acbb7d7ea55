"""JaCoCo XML: the counters of the whole report, which stand directly under its root.

https://www.jacoco.org/jacoco/trunk/coverage/report.dtd
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.reports.cobertura import checked
from bot.adapters.reports.refused import refuse
from bot.adapters.reports.xml_document import load_xml, whole
from bot.model.reports import CoverageReport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read(data: bytes, *, name: str) -> CoverageReport:
    """Lines and branches. Raises ReportRefused when it is not JaCoCo's or has no counter of lines."""
    root = load_xml(data, name=name)
    if not is_jacoco(root):
        refuse(name, "is not JaCoCo XML: its root is not <report>")
    lines = _counter(root, "LINE", name)
    if lines is None:
        refuse(
            name,
            "has no counter of lines under its root; compile with debug information",
        )
    return checked(lines, _counter(root, "BRANCH", name), name=name)


def is_jacoco(root: Element) -> bool:
    """Whether it looks like JaCoCo's."""
    return root.tag == "report"


def _counter(root: Element, kind: str, name: str) -> tuple[int, int] | None:
    for counter in root.iterfind("counter"):
        if counter.get("type") == kind:
            covered = whole(counter, "covered", name=name)
            missed = whole(counter, "missed", name=name)
            if covered is not None and missed is not None:
                return covered, covered + missed
    return None
