"""Which subject an event leads to, and that nothing a payload lacks or holds makes routing raise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.routing import EVENTS, Drop, Route, origin, route

APP = 4711
REPOSITORY = {"id": 7, "owner": {"login": "splattop"}, "default_branch": "main"}


def payload(**more: Any) -> dict[str, Any]:
    return {"installation": {"id": 3}, "repository": REPOSITORY, "sender": {"id": 1, "login": "ana"}, **more}


def listed(number: int, base: int = 7) -> dict[str, Any]:
    return {"number": number, "base": {"repo": {"id": base}}}


def issue(*labels: str) -> dict[str, Any]:
    return {"number": 9, "labels": [{"name": each} for each in labels]}


def check(*pulls: Any, app: Any = 99) -> dict[str, Any]:
    return {"app": {"id": app}, "pull_requests": list(pulls)}


def led(event: str, body: dict[str, Any]) -> str | Drop:
    found = route(event, body, app_id=APP)
    return str(found.subject) if isinstance(found, Route) else found


GROUP = f"refs/heads/gh-readonly-queue/main/pr-5-{'a' * 40}"


def on_group(app: Any = 99) -> dict[str, Any]:
    return check(app=app) | {"check_suite": {"head_branch": GROUP.removeprefix("refs/heads/")}}


ON_PULL = {"number": 5, "pull_request": {"url": "https://api.github.com/…"}}

TABLE: list[tuple[str, dict[str, Any], str | Drop]] = [
    ("workflow_run", {"action": "completed"}, "source:3:7"),
    ("workflow_run", {"action": "requested"}, Drop.NOT_HANDLED),
    ("workflow_run", {"action": "in_progress"}, Drop.NOT_HANDLED),
    ("pull_request", {"action": "opened", "pull_request": {"number": 5}}, "pull:3:7:5"),
    ("pull_request", {"action": "anything_new", "pull_request": {"number": 5}}, "pull:3:7:5"),
    ("pull_request", {"action": "opened", "pull_request": None}, Drop.NO_PULL_REQUEST),
    ("pull_request_review", {"action": "submitted", "pull_request": {"number": 5}}, "pull:3:7:5"),
    ("pull_request_review", {"action": "edited", "pull_request": {"number": 5}}, "pull:3:7:5"),
    ("pull_request_review", {"action": "dismissed", "pull_request": {"number": 5}}, "pull:3:7:5"),
    ("issue_comment", {"action": "created", "issue": ON_PULL}, "pull:3:7:5"),
    ("issue_comment", {"action": "edited", "issue": ON_PULL}, "pull:3:7:5"),
    ("issue_comment", {"action": "deleted", "issue": ON_PULL}, "pull:3:7:5"),
    ("issue_comment", {"action": "pinned", "issue": ON_PULL}, Drop.NOT_HANDLED),
    ("issue_comment", {"action": "created", "issue": {"number": 5}}, Drop.NO_PULL_REQUEST),
    ("check_run", {"action": "completed", "check_run": check(listed(5))}, "pull:3:7:5"),
    ("check_run", {"action": "completed", "check_run": check(listed(5), listed(6))}, "repository:3:7"),
    ("check_run", {"action": "completed", "check_run": check(listed(5, base=8))}, "repository:3:7"),
    ("check_run", {"action": "completed", "check_run": check(listed(5, base=8), listed(6))}, "pull:3:7:6"),
    ("check_run", {"action": "completed", "check_run": check()}, "repository:3:7"),
    ("check_run", {"action": "created", "check_run": check(listed(5))}, Drop.NOT_HANDLED),
    ("check_run", {"action": "completed", "check_run": check(listed(5), app=APP)}, Drop.OWN),
    ("check_run", {"action": "rerequested", "check_run": check(listed(5), app=APP)}, "pull:3:7:5"),
    ("check_run", {"action": "requested_action", "check_run": check(listed(5), app=APP)}, "pull:3:7:5"),
    ("check_suite", {"action": "completed", "check_suite": check(listed(5))}, "pull:3:7:5"),
    ("check_suite", {"action": "completed", "check_suite": check(app=APP)}, Drop.OWN),
    ("check_suite", {"action": "rerequested", "check_suite": check(listed(5), app=APP)}, "pull:3:7:5"),
    ("check_suite", {"action": "requested", "check_suite": check(listed(5))}, Drop.NOT_HANDLED),
    ("status", {"state": "success"}, "repository:3:7"),
    ("push", {"ref": "refs/heads/main"}, "repository:3:7"),
    ("push", {"ref": "refs/heads/lockstep/dev/app", "deleted": True}, "repository:3:7"),
    ("push", {"ref": "refs/heads/feature"}, Drop.NOT_HANDLED),
    ("push", {"ref": "refs/tags/main"}, Drop.NOT_HANDLED),
    ("push", {"ref": None}, Drop.NOT_HANDLED),
    ("deployment_protection_rule", {"action": "requested", "environment": "production"}, "source:3:7"),
    ("issue_comment", {"action": "created", "issue": issue("lockstep:incident")}, "validation:3:7"),
    ("issue_comment", {"action": "created", "issue": issue("bug")}, Drop.NO_PULL_REQUEST),
    ("repository_dispatch", {"action": "lockstep-promote"}, "repository:3:7"),
    ("repository_dispatch", {"action": "deploy"}, Drop.NOT_HANDLED),
    ("repository_dispatch", {"action": 7}, Drop.NOT_HANDLED),
    ("merge_group", {"action": "checks_requested", "merge_group": {"head_ref": GROUP}}, "pull:3:7:5"),
    ("merge_group", {"action": "destroyed", "merge_group": {"head_ref": GROUP}}, "pull:3:7:5"),
    (
        "merge_group",
        {"action": "checks_requested", "merge_group": {"head_ref": "main"}},
        Drop.NO_PULL_REQUEST,
    ),
    ("merge_group", {"action": "checks_requested"}, Drop.NO_PULL_REQUEST),
    ("check_run", {"action": "rerequested", "check_run": on_group(app=APP)}, "pull:3:7:5"),
    ("check_run", {"action": "completed", "check_run": on_group()}, Drop.NOT_HANDLED),
    ("installation", {"action": "created"}, "installation:3"),
    ("installation_repositories", {"action": "added"}, "installation:3"),
    ("repository", {"action": "renamed"}, "installation:3"),
    ("repository", {"action": "transferred"}, "installation:3"),
    ("repository", {"action": "edited"}, "installation:3"),
    ("repository", {"action": "archived"}, Drop.NOT_HANDLED),
    ("ping", {"zen": "Keep it logically awesome."}, Drop.PING),
    ("star", {"action": "created"}, Drop.NOT_HANDLED),
]


@pytest.mark.parametrize(("event", "more", "expected"), TABLE)
def test_an_event_leads_to_its_subject(event: str, more: dict[str, Any], expected: str | Drop) -> None:
    assert led(event, payload(**more)) == expected


def test_every_handled_event_stands_in_the_table() -> None:
    assert {event for event, _, _ in TABLE} - {"star"} == EVENTS


def test_the_route_names_the_ids_it_is_stored_under() -> None:
    found = route("pull_request", payload(action="opened", pull_request={"number": 5}), app_id=APP)
    assert isinstance(found, Route)
    assert (found.account, found.installation_id, found.repository_id, found.action) == (
        "splattop",
        3,
        7,
        "opened",
    )


@pytest.mark.parametrize("value", [None, "3", True, 0, -1, 2**63, 1.5, {}])
def test_an_installation_id_that_is_no_id_is_dropped(value: Any) -> None:
    body = payload(action="completed", installation={"id": value})
    assert led("workflow_run", body) == Drop.NO_INSTALLATION


@pytest.mark.parametrize("value", [None, "5", True, 0, 2**31])
def test_a_pull_request_number_that_is_none_is_dropped(value: Any) -> None:
    assert led("pull_request", payload(action="opened", pull_request={"number": value})) == (
        Drop.NO_PULL_REQUEST
    )


@pytest.mark.parametrize("login", ["a\x00b", "", "x" * 200, "<script>", "ana ", None, 5])
def test_an_account_that_is_no_login_is_dropped(login: Any) -> None:
    body = payload(action="completed", repository={**REPOSITORY, "owner": {"login": login}})
    assert led("workflow_run", body) == Drop.NO_ACCOUNT


def test_case_7_a_missing_repository_is_dropped() -> None:
    body = {"installation": {"id": 3}, "organization": {"login": "splattop"}, "action": "completed"}
    assert led("workflow_run", body) == Drop.NO_REPOSITORY


def test_case_7_a_deleted_fork_still_leads_to_its_pull_request() -> None:
    body = payload(action="closed", pull_request={"number": 5, "head": {"repo": None}, "user": None})
    assert led("pull_request", body) == "pull:3:7:5"


def test_case_7_a_comment_of_a_deleted_account_still_leads_to_its_pull_request() -> None:
    body = payload(action="created", issue=ON_PULL, comment={"user": None}, sender=None)
    assert led("issue_comment", body) == "pull:3:7:5"


def test_an_enterprise_installation_is_known_by_its_slug() -> None:
    body = {"action": "created", "installation": {"id": 3, "account": {"slug": "acme-corp"}}}
    found = route("installation", body, app_id=APP)
    assert isinstance(found, Route)
    assert found.account == "acme-corp"


@pytest.mark.parametrize(
    ("identifier", "app", "expected"),
    [
        ("sync:12", APP, "pull:3:7:12"),
        ("sync:12", 99, "repository:3:7"),
        ("sync:0", APP, "repository:3:7"),
        ("sync:12x", APP, "repository:3:7"),
        ({"sync": 12}, APP, "repository:3:7"),
    ],
)
def test_our_own_sync_button_leads_to_the_pull_request_that_it_names(
    identifier: Any, app: int, expected: str
):
    body = payload(
        action="requested_action", check_run=check(app=app), requested_action={"identifier": identifier}
    )
    assert led("check_run", body) == expected


def test_origin_names_actor_pull_request_and_head() -> None:
    head = "a" * 40
    who = origin(payload(pull_request={"number": 5, "head": {"sha": head}}))
    assert (who.actor_id, who.actor_login, who.pull_number, who.head_sha) == (1, "ana", 5, head)


def test_origin_takes_no_number_from_an_issue_that_is_no_pull_request() -> None:
    assert origin(payload(issue={"number": 5})).pull_number is None


KEYS = ["installation", "repository", "id", "owner", "login", "pull_request", "number", "issue", "action"]
KEYS += [
    "check_run",
    "check_suite",
    "pull_requests",
    "base",
    "repo",
    "app",
    "ref",
    "default_branch",
    "sender",
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["completed", "main"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None)
@given(event=st.sampled_from(sorted(EVENTS)), body=st.dictionaries(st.sampled_from(KEYS), ANYTHING))
def test_case_7_no_payload_makes_routing_raise(event: str, body: dict[str, Any]) -> None:
    assert isinstance(route(event, body, app_id=APP), Route | Drop)
