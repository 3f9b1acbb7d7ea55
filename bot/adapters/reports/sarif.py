"""SARIF 2.1.0: results of any scanner, by severity.

`security-severity` (a CVSS score; CodeQL, Grype, Semgrep and others write it) decides where it is given, in GitHub's
bands; otherwise the level: error is high, warning (also the default) medium, note and none low.
Not counted: suppressed results, results whose kind says that nothing is wrong, and those that are gone (`absent`).
https://docs.oasis-open.org/sarif/sarif/v2.1.0/ (3.27.9 kind, 3.27.10 level, 3.27.23 suppressions)
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.adapters.reports.json_document import Cursor, load_json
from bot.adapters.reports.refused import refuse, shown
from bot.adapters.reports.severity import counted, from_score
from bot.model.reports import Finding, Findings

_Each = TypeVar("_Each")
VERSION = "2.1.0"
_LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
_HARMLESS = frozenset({"pass", "notApplicable", "informational"})
_UNDECIDED = frozenset({"open", "review"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """The rules of one component of the tool, by place and by id."""

    listed: Sequence[Cursor]
    by_id: Mapping[str, Cursor]


def read(data: bytes, *, name: str) -> Findings:
    """Findings by severity. Raises ReportRefused when it is not SARIF 2.1.0 or holds no results of a scan."""
    document = load_json(data, name=name)
    if not is_sarif(document):
        refuse(name, "is not SARIF: it lacks version and runs")
    if document["version"].text() != VERSION:
        refuse(name, f"is not of SARIF's version {VERSION}; let the tool write that one")
    if not document["runs"].each():
        refuse(name, "holds no run, so nothing was scanned")
    found = Findings()
    for run in document["runs"].each():
        found += _run(run)
    return found


def is_sarif(document: Cursor) -> bool:
    """Whether it looks like SARIF of any version."""
    return document.is_object("version", "runs")


def _run(run: Cursor) -> Findings:
    if not run["externalPropertyFileReferences"]["results"].absent:
        refuse(run.file, f"keeps the results of {run.path} in other files; write them into this one")
    if run["results"].absent:
        refuse(
            run.file,
            f"has no results in {run.path}, so the scan was not made; a clean scan writes an empty list",
        )
    tool = run["tool"]
    components = [_rules(each) for each in (tool["driver"], *tool["extensions"].each())]
    findings: list[Finding] = []
    suppressed = 0
    for result in run["results"].each():
        if _is_suppressed(result):
            suppressed += 1
        elif result["kind"].text() not in _HARMLESS and result["baselineState"].text() != "absent":
            findings.append(_finding(result, _rule_of(result, components)))
    failed = [each for each in run["invocations"].each() if each["executionSuccessful"].value is False]
    scanner = shown(tool["driver"]["name"].text(), 60) or "the scanner"
    says = (f"{scanner} says that its run was not successful",) if failed else ()
    return counted(findings, suppressed=suppressed, incomplete=says)


def _rules(component: Cursor) -> _Rules:
    listed = component["rules"].each()
    return _Rules(listed=listed, by_id={rule["id"].text(): rule for rule in listed})


def _rule_of(result: Cursor, components: Sequence[_Rules]) -> Cursor | None:
    """The rule that a result refers to, by place or by id; an id `A/b` may mean the rule `A` (3.52.4)."""
    reference = result["rule"]
    rules = components[0]
    extension = reference["toolComponent"]["index"]
    if not extension.absent and extension.value != -1:
        rules = _at(components[1:], extension)
    for index in (reference["index"], result["ruleIndex"]):
        if not index.absent and index.value != -1:
            return _at(rules.listed, index)
    identity = reference["id"].text() or result["ruleId"].text()
    for wanted in (identity, identity.rpartition("/")[0]):
        for each in (rules, *components):
            if wanted and wanted in each.by_id:
                return each.by_id[wanted]
    return None


def _at(listed: Sequence[_Each], index: Cursor) -> _Each:
    """The member at a place; a place outside the list makes the report one that cannot be trusted."""
    place = index.count()
    if place >= len(listed):
        refuse(index.file, f"points at {shown(index.path)} to a rule or component that it does not hold")
    return listed[place]


def _is_suppressed(result: Cursor) -> bool:
    """Suppressed unless one of the suppressions is still under review or was rejected (3.27.23)."""
    suppressions = result["suppressions"].each()
    return bool(suppressions) and not any(
        each["status"].text() in ("underReview", "rejected") for each in suppressions
    )


def _finding(result: Cursor, rule: Cursor | None) -> Finding:
    identity = result["ruleId"].text() or result["rule"]["id"].text() or (rule["id"].text() if rule else "")
    return Finding(severity=_severity(result, rule), id=shown(identity), where=_where(result))


def _severity(result: Cursor, rule: Cursor | None) -> str:
    if result["kind"].text() in _UNDECIDED:
        return "unknown"
    for holder in (result, rule):
        score = holder["properties"]["security-severity"] if holder else None
        if score is not None and not score.absent and _score(score) != 0:
            return from_score(_score(score))
    level = result["level"].text()
    if not level and rule is not None:
        level = rule["defaultConfiguration"]["level"].text()
    return _LEVELS.get(level or "warning", "unknown")


def _score(value: Cursor) -> float:
    """The number, written as one or as a string; -1 (which is no score) for anything else."""
    try:
        return float(str(value.value))
    except ValueError:
        return -1


def _where(result: Cursor) -> str:
    """File and line of the first place; a report without places is one too."""
    for location in result["locations"].each()[:1]:
        place = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"].text()
        line = place["region"]["startLine"].value
        return shown(f"{uri}:{line}" if uri and isinstance(line, int) else uri)
    return ""
