"""The contract checkers themselves: each catches the breach planted for it, and nothing in a good one."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.contract import graphql
from tests.contract.openapi import rest_contract
from tests.contract.recorder import ContractRecorder, SeenRequest, SeenResponse
from tests.contract.schemas import DATA
from tests.contract.webhooks import webhook_contract

R = "/repos/octo/app"
NAMED = {"User-Agent": "lockstep"}
LABEL = {
    "id": 1,
    "node_id": "LA_1",
    "url": "http://127.0.0.1/repos/octo/app/labels/x",
    "name": "x",
    "color": "ededed",
    "default": False,
    "description": None,
}


def _request(method: str, path: str, query: str = "", body: Any = None) -> list[str]:
    raw = b"" if body is None else json.dumps(body).encode()
    return [f"{p.pointer} {p.message}" for p in rest_contract().request_problems(method, path, query, raw)]


def _answer(method: str, path: str, status: int, body: Any) -> list[str]:
    raw = b"" if body is None else json.dumps(body).encode()
    kind = {"Content-Type": "application/json; charset=utf-8"}
    found = rest_contract().answer_problems(method, path, status, kind, raw)
    return [f"{p.pointer} {p.message}" for p in found]


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", f"{R}/pulls", "state=all&per_page=100&head=octo:x", None),
        ("GET", f"{R}/contents/helm/values.yaml", "ref=main", None),
        ("GET", f"{R}/git/ref/heads/lockstep/dev/app", "", None),
        ("GET", f"{R}/commits/heads/main/check-runs", "filter=latest&app_id=7", None),
        ("POST", f"{R}/pulls", "", {"head": "a", "base": "main", "title": "t", "draft": True}),
        ("POST", f"{R}/dispatches", "", {"event_type": "x", "client_payload": {"any": {"thing": 1}}}),
        ("PATCH", f"{R}/check-runs/5", "", {"status": "completed", "conclusion": "success"}),
        ("POST", f"{R}/issues/5/labels", "", {"labels": ["a"]}),
        ("PUT", f"{R}/pulls/5/merge", "", {"sha": "0" * 40, "merge_method": "squash"}),
        ("POST", "/app/installations/3/access_tokens", "", {"permissions": {"contents": "write"}}),
    ],
)
def test_a_request_as_github_describes_it_has_no_problem(
    method: str, path: str, query: str, body: Any
) -> None:
    assert _request(method, path, query, body) == []


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "says"),
    [
        ("GET", f"{R}/pullz", "", None, "describes no GET"),
        ("DELETE", f"{R}/pulls/5", "", None, "describes no DELETE"),
        ("GET", f"{R}/pulls/five", "", None, "{pull_number}"),
        ("GET", f"{R}/pulls", "label=x", None, "?label GitHub describes no query parameter"),
        ("GET", f"{R}/pulls", "state=merged", None, "?state"),
        ("GET", f"{R}/pulls", "per_page=many", None, "?per_page"),
        ("POST", f"{R}/pulls", "", {"base": "main", "title": "t"}, '"head" is a required property'),
        (
            "POST",
            f"{R}/pulls",
            "",
            {"head": "a", "base": "b", "labels": ["x"]},
            "/labels GitHub lists no such property",
        ),
        ("POST", f"{R}/pulls", "", None, "required body is missing"),
        ("GET", f"{R}/pulls", "", {"state": "open"}, "describes no body"),
        (
            "PATCH",
            f"{R}/check-runs/5",
            "",
            {"status": "completed", "concluded": 1},
            "/concluded GitHub lists",
        ),
        ("POST", f"{R}/check-runs", "", {"name": "n", "head_sha": "a", "status": "done"}, "/status"),
        (
            "POST",
            f"{R}/check-runs",
            "",
            {"name": "n", "head_sha": "a", "output": {"title": "t", "summary": "s", "colour": "red"}},
            "/output/colour",
        ),
        (
            "POST",
            f"{R}/check-runs",
            "",
            {"name": "n", "head_sha": "a", "started_at": "2026-01-01 10:00"},
            "/started_at",
        ),
        (
            "POST",
            "/app/installations/3/access_tokens",
            "",
            {"permissions": {"content": "write"}},
            "/permissions/content GitHub",
        ),
    ],
)
def test_a_request_that_github_would_not_know_is_caught(
    method: str, path: str, query: str, body: Any, says: str
) -> None:
    assert any(says in problem for problem in _request(method, path, query, body))


def test_an_answer_as_github_describes_it_has_no_problem() -> None:
    assert _answer("POST", f"{R}/labels", 201, LABEL) == []


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (201, {k: v for k, v in LABEL.items() if k != "node_id"}, '"node_id" is a required property'),
        (201, {**LABEL, "id": "1"}, "/id"),
        (201, {**LABEL, "name": None}, "/name"),
        (201, {**LABEL, "invented": 1}, "/invented GitHub lists no such property"),
        (200, LABEL, "answered 200, GitHub describes [201]"),
        (201, None, "not JSON"),
    ],
)
def test_an_answer_that_github_would_not_give_is_caught(status: int, body: Any, says: str) -> None:
    assert any(says in problem for problem in _answer("POST", f"{R}/labels", status, body))


def test_error_answers_are_not_judged() -> None:
    assert _answer("POST", f"{R}/labels", 422, {"whatever": 1}) == []


def test_a_nullable_object_may_be_null_and_is_checked_when_it_is_not() -> None:
    commit = "/repos/octo/app/commits/main"
    assert not [p for p in _answer("GET", commit, 200, {"author": None}) if p.startswith("/author")]
    assert [p for p in _answer("GET", commit, 200, {"author": {"login": 5}}) if p.startswith("/author")]


def test_every_described_operation_compiles() -> None:
    contract = rest_contract()
    with gzip.open(DATA / "openapi.json.gz") as handle:
        paths = json.load(handle)["paths"]
    for template, methods in paths.items():
        filled = template.replace("{", "").replace("}", "")
        for method in methods:
            matched = contract.match(method, filled)
            assert matched is not None
            assert matched[0].template == template


def test_every_described_webhook_compiles_and_refuses_an_empty_payload() -> None:
    contract = webhook_contract()
    with gzip.open(DATA / "webhooks.json.gz") as handle:
        names = json.load(handle)["webhooks"]
    events = (
        "check_run",
        "check_suite",
        "issue_comment",
        "pull_request_review",
        "pull_request",
        "workflow_run",
    )
    for name in names:
        event = next((e for e in events if name.startswith(e.replace("_", "-") + "-")), None)
        if event:
            action = name.removeprefix(event.replace("_", "-") + "-").replace("-", "_")
            assert contract.payload_problems(event, {"action": action})


def test_a_webhook_that_github_does_not_describe_is_caught() -> None:
    found = webhook_contract().payload_problems("pull_request", {"action": "exploded"})
    assert [p.message for p in found] == ["GitHub describes no webhook pull-request-exploded"]


def test_webhook_headers_are_judged() -> None:
    found = webhook_contract().delivery_problems({"X-GitHub-Event": "ping"}, b"{}")
    assert {p.pointer for p in found} == {
        "header x-github-delivery",
        "header x-hub-signature-256",
        "header x-github-hook-id",
        "header x-github-hook-installation-target-type",
        "header x-github-hook-installation-target-id",
        "header user-agent",
        "header content-type",
    }


@pytest.mark.parametrize(
    ("document", "variables", "says"),
    [
        ("query { viewer { logn } }", {}, "logn"),
        ("query { viewer { login }", {}, "Syntax Error"),
        ("query($n: Int!) { viewer { login } }", {"n": 1}, "never used"),
        (
            'query($n: Int!) { repository(owner: "a", name: "b") { pullRequest(number: $n) { id } } }',
            {"n": "7"},
            "Int",
        ),
        ("query { viewer { login } }", {"n": 1}, "no such variable"),
        (
            'query { repository(owner: "a", name: "b") { issues(first: 100) { nodes { comments(first: 100) {'
            " nodes { reactions(first: 100) { totalCount } } } } } } }",
            {},
            "exceeds the maximum limit of 500,000",
        ),
        ('mutation { createRef(input: {name: "x"}) { ref { id } } }', {}, "oid"),
    ],
)
def test_a_graphql_request_that_github_would_refuse_is_caught(
    document: str, variables: dict[str, Any], says: str
) -> None:
    assert any(says in p.message for p in graphql.request_problems(document, variables))


def test_a_graphql_request_as_github_describes_it_has_no_problem() -> None:
    document = (
        'query($o: String!) { repository(owner: $o, name: "b") { object(expression: "HEAD:a") { oid } } }'
    )
    assert graphql.request_problems(document, {"o": "octo"}) == []


def test_the_recorder_collects_violations_of_both_sides() -> None:
    recorder = ContractRecorder()
    recorder.on_exchange(
        SeenRequest(method="POST", path=f"/api/v3{R}/labels", headers=NAMED, body=b'{"nme": "x"}'),
        SeenResponse(status=201, headers={"Content-Type": "application/json"}, body=b"{}"),
    )
    recorder.on_exchange(
        SeenRequest(
            method="POST", path="/graphql", headers=NAMED, body=b'{"query": "query { viewer { logn } }"}'
        ),
        SeenResponse(status=200),
    )
    assert [v.side for v in recorder.violations if v.path == "/graphql"] == ["request"]
    assert {v.side for v in recorder.violations} == {"request", "answer"}
    with pytest.raises(AssertionError, match="at /nme: GitHub lists no such property"):
        recorder.assert_clean()


def test_a_request_without_a_user_agent_is_caught() -> None:
    recorder = ContractRecorder()
    recorder.on_exchange(SeenRequest(method="GET", path="/rate_limit"), SeenResponse(status=401))
    assert [v.pointer for v in recorder.violations] == ["header user-agent"]


def test_the_recorder_passes_over_the_local_githubs_own_pages() -> None:
    recorder = ContractRecorder()
    recorder.on_exchange(SeenRequest(method="GET", path="/_sandbox/state"), SeenResponse(status=200))
    recorder.assert_clean()
    assert recorder.exchanges == 0


def test_the_middleware_judges_what_passes_and_leaves_it_unchanged() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert environ["wsgi.input"].read() == b'{"name": "x"}'
        start_response("201 Created", [("Content-Type", "application/json")])
        return [b'{"id": ', b"1}"]

    from werkzeug.test import Client

    recorder = ContractRecorder()
    answer = Client(recorder.middleware(app)).post(f"{R}/labels", json={"name": "x"}, headers=NAMED)
    assert (answer.status_code, answer.data) == (201, b'{"id": 1}')
    assert {v.side for v in recorder.violations} == {"answer"}
