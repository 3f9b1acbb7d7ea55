"""Istanbul's `coverage-summary.json` (Jest, Vitest, nyc with the reporter `json-summary`): the totals.

https://istanbul.js.org/docs/advanced/alternative-reporters/#json-summary
"""

from __future__ import annotations

from bot.adapters.reports.cobertura import checked
from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse
from bot.model.reports import CoverageReport


def read(data: bytes, *, name: str) -> CoverageReport:
    """Lines and branches. Raises ReportRefused when it is not Istanbul's summary."""
    document = load_json(data, name=name)
    if not is_jest_summary(document):
        refuse(name, "is not a coverage summary of Istanbul: it lacks total with lines and branches")
    total = document["total"]
    return checked(_pair(total["lines"]), _pair(total["branches"]), name=name)


def is_jest_summary(document: Cursor) -> bool:
    """Whether it looks like Istanbul's summary."""
    return document.is_object("total") and document["total"].is_object("lines", "branches")


def _pair(measure: Cursor) -> tuple[int, int]:
    return measure["covered"].count(), measure["total"].count()
