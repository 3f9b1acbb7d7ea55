"""coverage.py's own JSON (`coverage json`): the totals, as the tool shows them.

https://coverage.readthedocs.io/en/latest/commands/cmd_json.html
"""

from __future__ import annotations

from bot.adapters.reports.cobertura import checked
from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse
from bot.model.reports import CoverageReport


def read(data: bytes, *, name: str) -> CoverageReport:
    """Lines (statements) and, if they were measured, branches. Raises ReportRefused when it is not coverage.py's."""
    document = load_json(data, name=name)
    if not is_coverage_py(document):
        refuse(name, "is not coverage.py's JSON: it lacks totals with covered_lines and num_statements")
    totals = document["totals"]
    branches = None
    if totals.is_object("covered_branches", "num_branches"):
        branches = totals["covered_branches"].count(), totals["num_branches"].count()
    return checked((totals["covered_lines"].count(), totals["num_statements"].count()), branches, name=name)


def is_coverage_py(document: Cursor) -> bool:
    """Whether it looks like coverage.py's."""
    return document.is_object("totals") and document["totals"].is_object("covered_lines", "num_statements")
