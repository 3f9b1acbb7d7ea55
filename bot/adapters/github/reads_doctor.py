"""What `lockstep doctor` asks GitHub for: what protects a branch, by contents and metadata alone.

Administration, which would show everything, is not asked for.
https://docs.github.com/en/rest/branches/branches#get-a-branch
https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from bot.adapters.github.channel import Channel
from bot.model.doctor import Protection


def protection(channel: Channel, repository: str, branch: str) -> Protection:
    """Branch protection and rulesets together. Raises NotFound for a branch that is not there."""
    at = quote(branch, safe="")
    found = channel.rest("GET", f"/repos/{repository}/branches/{at}", purpose="doctor").data
    path = f"/repos/{repository}/rules/branches/{at}"
    rules = list(channel.pages(path, purpose="doctor", key=None, params={"per_page": 100}))
    classic = (found.get("protection") or {}).get("required_status_checks") or {}
    checks = [(str(each["context"]), _source(each.get("app_id"))) for each in classic.get("checks") or ()]
    for rule in rules:
        if rule["type"] == "required_status_checks":
            listed = rule["parameters"]["required_status_checks"]
            checks += [(str(each["context"]), _source(each.get("integration_id"))) for each in listed]
    return Protection(
        protected=bool(found.get("protected")) or bool(rules),
        checks=tuple(dict.fromkeys(checks)),
        pull_requests=_takes_pull_requests_only(found, rules),
    )


def _source(number: Any) -> int | None:
    """GitHub says -1 where any source will do."""
    return number if isinstance(number, int) and number > 0 else None


def _takes_pull_requests_only(found: Mapping[str, Any], rules: list[Mapping[str, Any]]) -> bool | None:
    if any(rule["type"] == "pull_request" for rule in rules):
        return True
    return None if (found.get("protection") or {}).get("enabled") and not rules else False
