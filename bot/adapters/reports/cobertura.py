"""Cobertura XML: written by coverage.py, Jest, coverlet, gocover-cobertura and others.

The root states covered and valid lines; those numbers are taken, because they are what the tool shows everywhere
else. Older writers state only rates: then the lines are counted, each line of a file once.
http://cobertura.sourceforge.net/xml/coverage-04.dtd
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.adapters.reports.refused import refuse
from bot.adapters.reports.xml_document import load_xml, whole
from bot.model.reports import CoverageReport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CONDITIONS = re.compile(r"\((\d{1,9})/(\d{1,9})\)", re.ASCII)


def read(data: bytes, *, name: str) -> CoverageReport:
    """Lines and branches. Raises ReportRefused when it is not Cobertura's, or contradicts itself."""
    root = load_xml(data, name=name)
    if not is_cobertura(root):
        refuse(name, "is not Cobertura XML: it lacks <coverage> with line-rate or lines-valid")
    lines, branches = _counted(root, name)
    return checked(
        _stated(root, "lines", name) or lines, _stated(root, "branches", name) or branches, name=name
    )


def is_cobertura(root: Element) -> bool:
    """Clover's root has the same name, but neither rates nor valid lines."""
    return root.tag == "coverage" and ("line-rate" in root.attrib or "lines-valid" in root.attrib)


def checked(lines: tuple[int, int], branches: tuple[int, int] | None, *, name: str) -> CoverageReport:
    """The value, having checked that nobody covers more than there is."""
    for covered, total in (lines, branches or (0, 0)):
        if covered > total:
            refuse(name, f"says that {covered} of {total} are covered, which cannot be")
    return CoverageReport(
        lines_covered=lines[0],
        lines_total=lines[1],
        branches_covered=branches[0] if branches else None,
        branches_total=branches[1] if branches else None,
    )


def _stated(root: Element, what: str, name: str) -> tuple[int, int] | None:
    covered = whole(root, f"{what}-covered", name=name)
    valid = whole(root, f"{what}-valid", name=name)
    return None if covered is None or valid is None else (covered, valid)


def _counted(root: Element, name: str) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """Lines and branches of the classes; lines of methods repeat those of their class."""
    lines: dict[tuple[str, int], bool] = {}
    branches: dict[tuple[str, int], tuple[int, int]] = {}
    for part in root.iter("class"):
        file = part.get("filename", "")
        for line in part.iterfind("lines/line"):
            key = (file, whole(line, "number", name=name) or 0)
            lines[key] = lines.get(key, False) or bool(whole(line, "hits", name=name))
            conditions = _CONDITIONS.search(line.get("condition-coverage", ""))
            if conditions:
                branch = int(conditions[1]), int(conditions[2])
                branches[key] = max(branch, branches.get(key, branch))
    taken, all_of = (sum(each[place] for each in branches.values()) for place in (0, 1))
    return (sum(lines.values()), len(lines)), (taken, all_of) if branches else None
