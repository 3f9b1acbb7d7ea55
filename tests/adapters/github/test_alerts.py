"""Code scanning and Dependabot against the local GitHub: what counts, what is whole, what may be read (row P2)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.adapters.github.permissions import OPTIONAL
from bot.model.facts import Unknown
from bot.model.reports import Findings, Reported
from tests.adapters.github.local import APP, Local

MAIN = "refs/heads/main"


@pytest.fixture
def granted(local: Local) -> Local:
    """The installation grants what is optional as well."""
    local.hub.world.installations[local.installation_id].permissions.update(OPTIONAL)
    return local


def head(local: Local) -> str:
    return local.hub.sha(APP, "main") or ""


def now(local: Local) -> datetime:
    return local.hub.world.clock.now()


def scanned(local: Local, sha: str = "") -> Findings:
    found = local.github.code_scanning(APP, MAIN, sha or head(local))
    assert isinstance(found, Reported), found
    return found.value


def depended(local: Local, since: datetime) -> Findings:
    found = local.github.dependabot(APP, since)
    assert isinstance(found, Reported), found
    return found.value


def why(found: Reported[Findings] | Unknown) -> str:
    assert isinstance(found, Unknown), found
    return found.why


def numbers(found: Findings) -> tuple[int, ...]:
    return found.critical, found.high, found.medium, found.low, found.unknown


def test_open_findings_are_counted_by_severity_with_examples(granted: Local):
    granted.hub.analysis(APP, head(granted))
    for severity in ("critical", "high", "high", "low"):
        granted.hub.code_alert(APP, severity)
    with granted.counting() as made:
        found = scanned(granted)
    assert numbers(found) == (1, 2, 0, 1, 0)
    assert (found.examples[0].id, found.examples[0].where) == ("py/sql-injection", "src/app.py:1")
    assert made == [f"GET /repos/{APP}/code-scanning/analyses", f"GET /repos/{APP}/code-scanning/alerts"]


@pytest.mark.parametrize(
    ("level", "counts"),
    [
        ("error", (0, 1, 0, 0, 0)),
        ("warning", (0, 0, 1, 0, 0)),
        ("note", (0, 0, 0, 1, 0)),
        ("none", (0, 0, 0, 1, 0)),
    ],
)
def test_a_rule_without_a_security_severity_counts_by_its_level(
    granted: Local, level: str, counts: tuple[int, ...]
):
    granted.hub.analysis(APP, head(granted))
    granted.hub.code_alert(APP, None, level=level)
    assert numbers(scanned(granted)) == counts


def test_dismissed_findings_and_those_of_other_branches_do_not_count(granted: Local):
    granted.hub.analysis(APP, head(granted))
    granted.hub.settle_alert(granted.hub.code_alert(APP, "high"), "dismissed")
    granted.hub.code_alert(APP, "high", branch="feature")
    assert scanned(granted).total == 0


def test_findings_on_every_page_count(granted: Local):
    granted.hub.analysis(APP, head(granted))
    for _ in range(230):
        granted.hub.code_alert(APP, "medium")
        granted.hub.dependency_alert(APP, "low")
    assert scanned(granted).medium == 230
    assert depended(granted, now(granted)).low == 230


def test_what_was_fixed_after_the_promoted_commit_is_still_in_the_promoted_image(granted: Local):
    promoted = head(granted)
    early = granted.hub.code_alert(APP, "critical", rule="fixed-before")
    granted.hub.settle_alert(early)
    granted.hub.advance(60)
    granted.hub.analysis(APP, promoted)
    late = granted.hub.code_alert(APP, "high", rule="fixed-after")
    granted.hub.advance(60)
    newer = granted.hub.push(APP, "main", {"fix": "1"}, by="ana")
    granted.hub.settle_alert(late)
    granted.hub.analysis(APP, newer)
    assert [each.id for each in scanned(granted, promoted).examples] == ["fixed-after"]
    assert scanned(granted, newer).total == 0


def test_a_commit_that_was_not_analysed_is_unknown(granted: Local):
    granted.hub.analysis(APP, head(granted))
    newer = granted.hub.push(APP, "main", {"more": "1"}, by="ana")
    told = why(granted.github.code_scanning(APP, MAIN, newer))
    assert told == f"no code scanning analysis of {newer[:7]} on {MAIN} is there"


def test_an_analysis_of_another_branch_is_none_of_this_one(granted: Local):
    granted.hub.analysis(APP, head(granted), branch="feature")
    assert "no code scanning analysis" in why(granted.github.code_scanning(APP, MAIN, head(granted)))


def test_an_analysis_that_failed_leaves_the_count_incomplete(granted: Local):
    granted.hub.analysis(APP, head(granted), error="out of memory")
    assert scanned(granted).incomplete == ("CodeQL says: out of memory",)


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("never", "no analysis found"),
        ("off", "Code scanning is not enabled for this repository"),
    ],
)
def test_code_scanning_that_is_not_there_is_unknown_and_named(granted: Local, state: str, says: str):
    granted.hub.repo(APP).security.code_scanning = state != "off"
    told = why(granted.github.code_scanning(APP, MAIN, head(granted)))
    assert says in told
    assert told.endswith(
        "code scanning must be enabled there, and the App needs the permission security_events: read"
    )


def test_dependabot_that_is_off_is_unknown_and_named(granted: Local):
    granted.hub.repo(APP).security.dependabot = False
    told = why(granted.github.dependabot(APP, now(granted)))
    assert "Dependabot alerts are disabled for this repository" in told
    assert told.endswith("the App needs the permission vulnerability_alerts: read")


def test_dependency_findings_name_package_and_advisory(granted: Local):
    granted.hub.dependency_alert(APP, "critical")
    (found,) = depended(granted, now(granted)).examples
    assert (found.severity, found.id, found.where) == (
        "critical",
        "GHSA-0000-0000-0000",
        "requests in requirements.txt",
    )


def test_a_dependency_fixed_after_the_build_is_still_in_the_image(granted: Local):
    first, second = granted.hub.dependency_alert(APP, "high"), granted.hub.dependency_alert(APP, "low")
    granted.hub.settle_alert(first)
    granted.hub.advance(60)
    since = now(granted).replace(microsecond=0)
    granted.hub.advance(60)
    granted.hub.settle_alert(second)
    assert numbers(depended(granted, since)) == (0, 0, 0, 1, 0)
    assert depended(granted, since + timedelta(hours=1)).total == 0


def test_without_the_permission_both_are_unknown_and_everything_else_goes_on(local: Local):
    assert "security_events: read" in why(local.github.code_scanning(APP, MAIN, head(local)))
    assert "vulnerability_alerts: read" in why(local.github.dependabot(APP, now(local)))
    assert local.github.permission(APP, "ana") == "admin"


def test_one_permission_does_not_stand_in_for_the_other(local: Local):
    local.hub.world.installations[local.installation_id].permissions["security_events"] = "read"
    local.hub.analysis(APP, head(local))
    assert scanned(local).total == 0
    assert "vulnerability_alerts: read" in why(local.github.dependabot(APP, now(local)))


def test_case_18_the_everyday_token_never_has_the_optional_permissions(granted: Local):
    granted.hub.analysis(APP, head(granted))
    scanned(granted)
    tokens = [each for each in granted.hub.world.tokens.values() if each.installation is not None]
    assert [
        each
        for each in tokens
        if len(each.permissions) > 2 and set(each.permissions.items()) & set(OPTIONAL.items())
    ] == []
    assert {"metadata": "read", "security_events": "read"} in [each.permissions for each in tokens]
