"""Grype's JSON: one finding for each match. Matches that Grype was told to ignore stand in another list.

https://github.com/anchore/grype, "Output formats"
"""

from __future__ import annotations

from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse, shown
from bot.adapters.reports.severity import counted, from_word
from bot.model.reports import Finding, Findings


def read(data: bytes, *, name: str) -> Findings:
    """Findings by severity. Raises ReportRefused when it is not Grype's."""
    document = load_json(data, name=name)
    if not is_grype(document):
        refuse(
            name, "is not a report of Grype in JSON: it lacks the list matches; write it with --output json"
        )
    found = [
        Finding(
            severity=from_word(match["vulnerability"]["severity"].text()),
            id=shown(match["vulnerability"]["id"].text()),
            where=shown(match["artifact"]["name"].text()),
        )
        for match in document["matches"].each()
    ]
    return counted(found, suppressed=len(document["ignoredMatches"].each()))


def is_grype(document: Cursor) -> bool:
    """Whether it looks like Grype's."""
    return document.is_object("matches", "descriptor") or document.is_object("matches", "source")
