"""Snyk's JSON (`snyk test --json`, `snyk container test --json`): one project, or a list of projects.

Snyk lists a vulnerability once for each way that leads to it; here it counts once for each project, as Snyk's own
`uniqueCount` does. Licence issues are not security findings.
https://docs.snyk.io/snyk-cli/commands/test
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse, shown
from bot.adapters.reports.severity import counted, from_word
from bot.model.reports import SEVERITIES, Finding, Findings


def read(data: bytes, *, name: str) -> Findings:
    """Findings by severity. Raises ReportRefused when it is not Snyk's, or when Snyk tells of an error."""
    document = load_json(data, name=name)
    if not is_snyk(document):
        refuse(
            name, "is not a report of Snyk in JSON: it lacks the list vulnerabilities; write it with --json"
        )
    return counted([finding for project in _projects(document) for finding in _found(project)])


def is_snyk(document: Cursor) -> bool:
    """Whether it looks like a project of Snyk's, a list of them, or one that failed."""
    if document.is_list:
        return bool(document.each()) and all(is_snyk(each) for each in document.each())
    return document.is_object("ok") and any(
        document.is_object(key) for key in ("vulnerabilities", "infrastructureAsCodeIssues", "error")
    )


def _projects(document: Cursor) -> Iterator[Cursor]:
    """Every project; a container's applications are projects inside it."""
    for each in document.each() if document.is_list else (document,):
        yield each
        yield from each["applications"].each()


def _found(project: Cursor) -> list[Finding]:
    if not project["error"].absent:
        refuse(project.file, "tells that Snyk could not test a project; look into the log of the run")
    where = shown(project["projectName"].text() or project["path"].text())
    issues = (*project["vulnerabilities"].each(), *project["infrastructureAsCodeIssues"].each())
    worst: dict[str, Finding] = {}
    for issue in issues:
        if issue["type"].value == "license":
            continue
        identity = issue["id"].text()
        finding = Finding(severity=from_word(issue["severity"].text()), id=shown(identity), where=where)
        before = worst.get(identity, finding)
        worst[identity] = min(before, finding, key=lambda each: SEVERITIES.index(each.severity))
    return list(worst.values())
