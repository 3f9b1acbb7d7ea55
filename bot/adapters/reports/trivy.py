"""Trivy's JSON: of an image, a file system, a cluster; the older list; and reports of the Trivy operator.

Counted are vulnerabilities, failed checks of configurations, and secrets. Licences are not security findings;
what Trivy was told to ignore is not in these lists.
https://trivy.dev/latest/docs/configuration/reporting/#json
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse, shown
from bot.adapters.reports.severity import counted, from_word
from bot.model.reports import Finding, Findings

_CLUSTER = ("Resources", "Vulnerabilities", "Misconfigurations", "Findings")
"""Where a cluster's report keeps its resources, by version."""
_KINDS = ("VulnerabilityReport", "ClusterVulnerabilityReport", "ConfigAuditReport", "ExposedSecretReport")


def read(data: bytes, *, name: str) -> Findings:
    """Findings by severity. Raises ReportRefused when it is not Trivy's."""
    document = load_json(data, name=name)
    if not is_trivy(document):
        refuse(name, "is not a report of Trivy in JSON: write it with --format json")
    found = _operator(document) if document.is_object("kind") else _results(document)
    return counted(found)


def is_trivy(document: Cursor) -> bool:
    """Whether it looks like one of Trivy's layouts."""
    if document.is_list:
        return bool(document.each()) and all(each.is_object("Target") for each in document.each())
    if document.is_object("kind", "report"):
        return document["kind"].value in _KINDS
    image = document.is_object("SchemaVersion", "ArtifactName")
    cluster = document.is_object("ClusterName") and any(document.is_object(each) for each in _CLUSTER)
    return image or cluster


def _results(document: Cursor) -> Iterator[Finding]:
    if document.is_list:
        results = document.each()
    elif document.is_object("ClusterName"):
        resources = [each for key in _CLUSTER for each in document[key].each()]
        results = [result for resource in resources for result in _scanned(resource)]
    else:
        results = document["Results"].each()
    for result in results:
        where = shown(result["Target"].text())
        for kind, key in (("Vulnerabilities", "VulnerabilityID"), ("Secrets", "RuleID")):
            for each in result[kind].each():
                yield _finding(each["Severity"], each[key], where)
        for each in result["Misconfigurations"].each():
            if each["Status"].text() not in ("PASS", "EXCEPTION"):
                yield _finding(each["Severity"], each["ID"], where)


def _scanned(resource: Cursor) -> tuple[Cursor, ...]:
    """The results of one resource of a cluster; a scan that failed says so in `Error`."""
    if resource["Error"].text():
        refuse(resource.file, f"could not scan everything: {shown(resource.path)} holds an error")
    return tuple(resource["Results"].each())


def _operator(document: Cursor) -> Iterator[Finding]:
    report = document["report"]
    where = shown(document["metadata"]["name"].text())
    for kind, key in (("vulnerabilities", "vulnerabilityID"), ("secrets", "ruleID")):
        for each in report[kind].each():
            yield _finding(each["severity"], each[key], where)
    for each in report["checks"].each():
        if not each["success"].flag():
            yield _finding(each["severity"], each["checkID"], where)


def _finding(severity: Cursor, identity: Cursor, where: str) -> Finding:
    return Finding(severity=from_word(severity.text()), id=shown(identity.text()), where=where)
