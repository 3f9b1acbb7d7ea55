"""Code scanning and Dependabot alerts, to read.

https://docs.github.com/rest/code-scanning/code-scanning · https://docs.github.com/rest/dependabot/alerts
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from flask import Response, request

from bot.sandbox.errors import Refused
from bot.sandbox.findings import CodeAlert, CodeAnalysis, DependencyAlert
from bot.sandbox.represent.accounts import stamp
from bot.sandbox.represent.repos import api, html
from bot.sandbox.rest.common import after_link, listed, reply, repo, repository_routes, world
from bot.sandbox.state import Repository

Json = dict[str, Any]
Alert = TypeVar("Alert", CodeAlert, DependencyAlert)

routes = repository_routes("security")


@routes.get("/code-scanning/analyses")
def list_analyses() -> Response:
    """GET …/code-scanning/analyses by ``ref``, newest first."""
    found = _scanned()
    chosen = [each for each in reversed(found.security.analyses) if _on(each.ref)]
    return listed(chosen, lambda each: _analysis(found, each))


@routes.get("/code-scanning/alerts")
def list_code_alerts() -> Response:
    """GET …/code-scanning/alerts by ``state`` and ``ref`` (default: the default branch)."""
    found = _scanned()
    default = f"refs/heads/{found.default_branch}"
    chosen = [each for each in found.security.code_alerts if _on(each.ref, default)]
    return listed(_ordered(chosen), lambda each: _code_alert(found, each))


@routes.get("/dependabot/alerts")
def list_dependency_alerts() -> Response:
    """GET …/dependabot/alerts by ``state``, leafed through by ``after``."""
    found = repo("vulnerability_alerts")
    if not found.security.dependabot:
        raise Refused(403, "Dependabot alerts are disabled for this repository.")
    rows = _ordered(found.security.dependency_alerts)
    size, after = min(int(request.args.get("per_page", "30")), 100), request.args.get("after", "")
    start = int(after) if after.isdigit() else 0
    response = reply([_dependency_alert(found, each) for each in rows[start : start + size]])
    if start + size < len(rows):
        response.headers["Link"] = after_link(str(start + size))
    return response


def _scanned() -> Repository:
    found = repo("security_events")
    if not found.security.code_scanning:
        raise Refused(
            403,
            "Code scanning is not enabled for this repository. Please enable code scanning in the repository settings.",
        )
    if not found.security.analyses:
        raise Refused(404, "no analysis found")
    return found


def _on(ref: str, default: str | None = None) -> bool:
    """Whether it is about the ref that is asked for, which may be a branch's bare name."""
    wanted = request.args.get("ref") or default
    return wanted is None or ref in (wanted, f"refs/heads/{wanted}")


def _ordered(alerts: Sequence[Alert]) -> list[Alert]:
    """Those in the states asked for; by creation or last change, newest first unless ``direction=asc``."""
    states = set((request.args.get("state") or "").split(",")) - {""}
    chosen = [each for each in alerts if not states or each.state in states]
    updated = request.args.get("sort") == "updated"

    def key(each: Alert) -> tuple[datetime, int]:
        return (each.updated_at if updated else each.created_at), each.number

    return sorted(chosen, key=key, reverse=request.args.get("direction") != "asc")


def _analysis(found: Repository, each: CodeAnalysis) -> Json:
    return {
        "ref": each.ref,
        "commit_sha": each.commit_sha,
        "analysis_key": f"dynamic/{each.tool.lower()}:analyze",
        "environment": "{}",
        "category": "",
        "error": each.error,
        "warning": "",
        "created_at": stamp(each.created_at),
        "results_count": 0,
        "rules_count": 0,
        "id": each.id,
        "url": f"{api(world(), found)}/code-scanning/analyses/{each.id}",
        "sarif_id": f"00000000-0000-0000-0000-{each.id:012d}",
        "tool": {"name": each.tool, "guid": None, "version": "2.20.0"},
        "deletable": True,
    }


def _code_alert(found: Repository, each: CodeAlert) -> Json:
    url = f"{api(world(), found)}/code-scanning/alerts/{each.number}"
    return {
        "number": each.number,
        "created_at": stamp(each.created_at),
        "updated_at": stamp(each.updated_at),
        "url": url,
        "html_url": f"{html(world(), found)}/security/code-scanning/{each.number}",
        "instances_url": f"{url}/instances",
        "state": each.state,
        "fixed_at": stamp(each.fixed_at),
        "dismissed_by": None,
        "dismissed_at": None,
        "dismissed_reason": None,
        "dismissed_comment": None,
        "rule": {
            "id": each.rule,
            "name": each.rule,
            "severity": each.level,
            "security_severity_level": each.severity,
            "description": each.rule,
            "tags": [],
        },
        "tool": {"name": "CodeQL", "guid": None, "version": "2.20.0"},
        "most_recent_instance": {
            "ref": each.ref,
            "analysis_key": "dynamic/codeql:analyze",
            "environment": "{}",
            "category": "",
            "state": each.state,
            "commit_sha": each.commit_sha,
            "message": {"text": each.rule},
            "location": {
                "path": each.path,
                "start_line": 1,
                "end_line": 1,
                "start_column": 1,
                "end_column": 2,
            },
            "classifications": [],
        },
    }


def _dependency_alert(found: Repository, each: DependencyAlert) -> Json:
    package = {"ecosystem": "pip", "name": each.package}
    vulnerability = {
        "package": package,
        "severity": each.severity,
        "vulnerable_version_range": "< 9.9.9",
        "first_patched_version": {"identifier": "9.9.9"},
    }
    return {
        "number": each.number,
        "state": each.state,
        "dependency": {
            "package": package,
            "manifest_path": each.manifest,
            "scope": "runtime",
            "relationship": "direct",
        },
        "security_advisory": {
            "ghsa_id": each.ghsa,
            "cve_id": None,
            "summary": f"{each.package} is vulnerable",
            "description": "",
            "vulnerabilities": [vulnerability],
            "severity": each.severity,
            "cvss": {"score": 0.0, "vector_string": None},
            "cwes": [],
            "identifiers": [{"type": "GHSA", "value": each.ghsa}],
            "references": [],
            "published_at": stamp(each.created_at),
            "updated_at": stamp(each.created_at),
            "withdrawn_at": None,
        },
        "security_vulnerability": vulnerability,
        "url": f"{api(world(), found)}/dependabot/alerts/{each.number}",
        "html_url": f"{html(world(), found)}/security/dependabot/{each.number}",
        "created_at": stamp(each.created_at),
        "updated_at": stamp(each.updated_at),
        "dismissed_at": None,
        "dismissed_by": None,
        "dismissed_reason": None,
        "dismissed_comment": None,
        "fixed_at": stamp(each.fixed_at),
        "auto_dismissed_at": None,
    }
