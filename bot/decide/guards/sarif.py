"""Findings as SARIF 2.1.0, for code scanning.

https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.model.guards import Finding

MAX_RESULTS = 5_000
"""GitHub shows as many results of one run."""


def sarif(findings: Sequence[Finding]) -> str:
    """One SARIF run; `file` of each finding is taken as a path from the repository's root."""
    rules = [{"id": f"guards/{name}"} for name in sorted({each.guard for each in findings})]
    run = {
        "tool": {"driver": {"name": "lockstep guard", "rules": rules}},
        "results": [_result(each) for each in findings[:MAX_RESULTS]],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    document = {"$schema": schema, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _result(finding: Finding) -> dict[str, Any]:
    place = {"artifactLocation": {"uri": quote(finding.file)}, "region": {"startLine": finding.line}}
    return {
        "ruleId": f"guards/{finding.guard}",
        "level": "error" if finding.severity == "deny" else "warning",
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": place}],
    }
