"""GitHub's own security findings: code scanning of a branch, and Dependabot's alerts (row P2).

https://docs.github.com/en/rest/code-scanning/code-scanning · https://docs.github.com/en/rest/dependabot/alerts
Both lists are about the branch as it stands now. What was fixed on it after the promoted commit is not fixed in the
promoted image, so those findings are counted too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from itertools import islice, takewhile
from operator import add
from typing import Any

from bot.adapters.github.channel import Channel
from bot.errors import InstallationGone, Terminal
from bot.model.facts import Unknown
from bot.model.reports import SEVERITIES, Finding, Findings, Reported

MOST_ALERTS = 3000
"""Open findings that are counted; with more of them the answer says that it is not whole."""
MOST_ANALYSES = 500
"""How far back the analysis of a commit is looked for."""
CODE_SCANNING = "security_events"
DEPENDABOT = "vulnerability_alerts"
"""The permission that each list needs, asked for in a token of its own."""

_LEVELS = {"error": "high", "warning": "medium", "note": "low", "none": "low"}
"""What a rule without a security severity counts as: the same as in a SARIF report."""


def code_scanning(channel: Channel, repository: str, ref: str, sha: str) -> Reported[Findings] | Unknown:
    """The open findings of a branch (`refs/heads/main`), if the commit was analysed there at all."""
    try:
        analyses = list(islice(_analyses(channel, repository, ref), MOST_ANALYSES))
        ours = [each for each in analyses if each["commit_sha"] == sha]
        if not ours:
            return Unknown(
                why=f"no code scanning analysis of {sha[:7]} on {ref} is there"
                + (f", among the newest {MOST_ANALYSES}" if len(analyses) == MOST_ANALYSES else "")
            )
        alerts = list(islice(_code_alerts(channel, repository, ref, "open"), MOST_ALERTS + 1))
        if analyses[0]["commit_sha"] != sha:
            since = min(_moment(each["created_at"]) for each in ours)
            alerts += _since(_code_alerts(channel, repository, ref, "fixed"), since)
        errors = tuple(f"{_tool(each)} says: {each['error']}" for each in ours if each["error"])
        found = _counted([_code_finding(each) for each in alerts], errors)
    except (Terminal, KeyError, TypeError, ValueError) as error:
        return _unread(error, "code scanning must be enabled there", CODE_SCANNING)
    return Reported(value=found, source=f"code scanning of {ref} at {sha[:7]}")


def dependabot(channel: Channel, repository: str, since: datetime) -> Reported[Findings] | Unknown:
    """The open alerts of the default branch, and those that were fixed there after `since` (aware)."""
    try:
        alerts = list(islice(_dependency_alerts(channel, repository, "open"), MOST_ALERTS + 1))
        alerts += _since(_dependency_alerts(channel, repository, "fixed"), since)
        found = _counted([_dependency_finding(each) for each in alerts], ())
    except (Terminal, KeyError, TypeError, ValueError) as error:
        return _unread(error, "Dependabot alerts must be enabled there", DEPENDABOT)
    return Reported(value=found, source="Dependabot alerts")


def _unread(error: Exception, enabled: str, permission: str) -> Unknown:
    """What a person can do about it. Raises what ends the whole look."""
    if isinstance(error, InstallationGone):
        raise error
    if not isinstance(error, Terminal):
        return Unknown(why=f"GitHub's answer has another shape than described ({type(error).__name__})")
    return Unknown(why=f"{error}; {enabled}, and the App needs the permission {permission}: read")


def _analyses(channel: Channel, repository: str, ref: str) -> Iterator[Any]:
    """Newest first."""
    path = f"/repos/{repository}/code-scanning/analyses"
    return channel.pages(path, purpose="alerts", key=None, params={"ref": ref, "per_page": 100})


def _code_alerts(channel: Channel, repository: str, ref: str, state: str) -> Iterator[Any]:
    asked = {"state": state, "ref": ref, "sort": "updated", "direction": "desc", "per_page": 100}
    path = f"/repos/{repository}/code-scanning/alerts"
    return channel.pages(path, purpose="alerts", key=None, params=asked)


def _dependency_alerts(channel: Channel, repository: str, state: str) -> Iterator[Any]:
    asked = {"state": state, "sort": "updated", "direction": "desc", "per_page": 100}
    path = f"/repos/{repository}/dependabot/alerts"
    return channel.pages(path, purpose="alerts", key=None, params=asked)


def _since(alerts: Iterator[Any], since: datetime) -> list[Any]:
    """Those that were fixed at or after the moment; the list is ordered by its last change, newest first."""
    changed = takewhile(lambda each: _moment(each["updated_at"]) >= since, alerts)
    fixed = (each for each in changed if each["fixed_at"] and _moment(each["fixed_at"]) >= since)
    return list(islice(fixed, MOST_ALERTS + 1))


def _code_finding(alert: Mapping[str, Any]) -> Finding:
    rule = alert["rule"]
    where = alert["most_recent_instance"].get("location") or {}
    path, line = where.get("path") or "", where.get("start_line")
    severity = rule.get("security_severity_level") or _LEVELS.get(rule.get("severity") or "", "unknown")
    return _finding(severity, rule.get("id") or rule.get("name") or "", f"{path}:{line}" if line else path)


def _dependency_finding(alert: Mapping[str, Any]) -> Finding:
    package = alert["security_vulnerability"]["package"]["name"]
    manifest = alert["dependency"].get("manifest_path") or ""
    return _finding(
        alert["security_vulnerability"]["severity"],
        alert["security_advisory"]["ghsa_id"],
        f"{package} in {manifest}" if manifest else package,
    )


def _finding(severity: str, identity: str, where: str) -> Finding:
    return Finding(
        severity=severity if severity in SEVERITIES else "unknown", id=str(identity), where=str(where)
    )


def _counted(found: Sequence[Finding], incomplete: tuple[str, ...]) -> Findings:
    if len(found) > MOST_ALERTS:
        incomplete += (f"only the newest {MOST_ALERTS} findings were counted",)
    return reduce(add, map(_one, found), Findings(incomplete=incomplete))


def _one(finding: Finding) -> Findings:
    number: dict[str, Any] = {finding.severity: 1}
    return Findings(examples=(finding,), **number)


def _tool(analysis: Mapping[str, Any]) -> str:
    return str(analysis["tool"].get("name") or "the scanner")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
