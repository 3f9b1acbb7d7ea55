"""A comparison as SARIF 2.1.0 (code scanning) and as JUnit XML (CI); texts are cut and cleaned of control characters.

SARIF: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html, as far as GitHub reads it:
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from bot.decide import text
from bot.decide.alerts.findings import MEANINGS, Compared, Finding

MAX_RESULTS = 5_000
"""GitHub shows as many results of one run."""


def sarif(findings: Sequence[Finding], *, staging: str, production: str) -> str:
    """The findings as one SARIF run. `staging` and `production` are the bundles' paths from the repository's root."""
    roots = {"staging": staging, "production": production}
    rules = [
        {
            "id": f"alerts/{kind.value}",
            "shortDescription": {"text": meaning},
            "defaultConfiguration": {"level": "error"},
        }
        for kind, meaning in MEANINGS.items()
    ]
    run = {
        "tool": {"driver": {"name": "lockstep alerts compare", "rules": rules}},
        "results": [_result(finding, roots) for finding in findings[:MAX_RESULTS]],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _result(finding: Finding, roots: Mapping[str, str]) -> dict[str, Any]:
    """The place is in production, for that is what is to be merged; staging's is related."""
    places = [
        _location(roots[side], finding.file, line)
        for side, line in (("production", finding.production_line), ("staging", finding.staging_line))
        if line is not None
    ]
    places = places or [_location(roots["production"], finding.file or "bundle.json", 1)]
    return {
        "ruleId": f"alerts/{finding.kind.value}",
        "level": "error",
        "message": {"text": finding.sentence()},
        "locations": places[:1],
        "relatedLocations": places[1:],
    }


def _location(root: str, file: str, line: int | None) -> dict[str, Any]:
    uri = quote(f"{root.rstrip('/')}/{file}".removeprefix("./"))
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": line or 1}}}


def junit(compared: Sequence[Compared], findings: Sequence[Finding]) -> str:
    """One test case for each file, failed when something differs there, and one for the bundles as a whole."""
    by_file: dict[str, list[Finding]] = {"": []}
    for each in compared:
        by_file.setdefault(each.file, [])
    for finding in findings:
        by_file.setdefault(finding.file, []).append(finding)
    failed = sum(1 for found in by_file.values() if found)
    counts = {"tests": str(len(by_file)), "failures": str(failed), "errors": "0"}
    suite = ElementTree.Element("testsuite", {"name": "lockstep alerts compare", **counts})
    for file, found in by_file.items():
        name = text.visible(file) or "bundles"
        case = ElementTree.SubElement(suite, "testcase", {"classname": "alerts.compare", "name": name})
        if found:
            lines = [f"{each.kind.value}: {each.sentence()}" for each in found]
            failure = ElementTree.SubElement(
                case,
                "failure",
                {"message": text.counted(len(found), "difference")},
            )
            failure.text = "\n".join(lines)
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, "unicode") + "\n"
