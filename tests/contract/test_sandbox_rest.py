"""Every REST route of the local GitHub, called over HTTP: the request is one GitHub knows, the answer one it gives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.small_github import Served, serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; `keeps` names what later paths need of the answer: name → key."""

    method: str
    path: str
    body: Any = None
    by: str = "app"
    keeps: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _get(*paths: str, by: str = "app") -> list[Call]:
    return [Call(method="GET", path=path, by=by) for path in paths]


def _send(
    method: str, path: str, body: Any = None, by: str = "app", keeps: tuple[tuple[str, str], ...] = ()
) -> Call:
    return Call(method=method, path=path, body=body, by=by, keeps=keeps)


FILE = {"message": "m", "content": "aGk=", "branch": "third"}
CHECK = {
    "name": "lockstep: main / gates",
    "head_sha": "{sha}",
    "status": "completed",
    "conclusion": "failure",
    "output": {
        "title": "t",
        "summary": "s",
        "annotations": [
            {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "m"}
        ],
    },
    "actions": [{"label": "Again", "description": "Run it again", "identifier": "again"}],
}
CALLS = [
    *_get("/app", "/app/installations", "/app/installations/{installation}", by="jwt"),
    *_get("/app/hook/config", "/app/hook/deliveries?per_page=5", by="jwt"),
    *_get("/repos/octo/config/installation", "/orgs/octo/installation", by="jwt"),
    _send(
        "POST",
        "/app/installations/{installation}/access_tokens",
        {"permissions": {"contents": "read"}, "repositories": ["config"]},
        by="jwt",
    ),
    *_get("/installation/repositories", "/rate_limit", "/users/ana", "/users/lockstep[bot]", "/users/octo"),
    *_get("/user", by="ana"),
    *_get("/orgs/octo/teams/platform", "/orgs/octo/teams/platform/members"),
    *_get("/orgs/octo/teams/platform/memberships/ben", "/orgs/octo/memberships/ana"),
    *_get("{r}", "{r}/branches/main", "{r}/branches/release", "{r}/branches/release/protection"),
    *_get("{r}/rules/branches/release", "{r}/rulesets", "{r}/teams", "{r}/collaborators/ben/permission"),
    *_get(
        "{r}/contents/README.md", "{r}/contents/helm?ref=main", "{r}/contents/helm/values-dev.yaml?ref=topic"
    ),
    *_get(
        "{r}/commits?sha=topic&per_page=1", "{r}/commits/main", "{r}/commits/{sha}", "{r}/commits/{sha}/pulls"
    ),
    *_get("{r}/compare/main...topic", "{r}/compare/topic...main"),
    *_get("{r}/git/ref/heads/main", "{r}/git/matching-refs/heads/t", "{r}/git/commits/{sha}"),
    *_get("{r}/git/trees/main", "{r}/git/trees/main?recursive=1"),
    *_get("{r}/pulls?state=all", "{r}/pulls?head=octo:topic&base=main", "{r}/pulls/{pull}"),
    *_get("{r}/pulls/{pull}/files", "{r}/pulls/{pull}/commits", "{r}/pulls/{pull}/reviews"),
    *_get("{r}/pulls/{pull}/requested_reviewers", "{r}/issues/{pull}", "{r}/issues?state=all"),
    *_get("{r}/issues/{pull}/labels", "{r}/labels/env:dev", "{r}/issues/{pull}/comments"),
    *_get("{r}/issues/comments/{comment}", "{r}/issues/comments/{comment}/reactions"),
    *_get("{r}/commits/{sha}/check-runs", "{r}/commits/{sha}/check-runs?check_name=unit&filter=latest"),
    *_get("{r}/commits/{sha}/check-suites", "{r}/commits/{sha}/status", "{r}/commits/{sha}/statuses"),
    *_get("{r}/check-runs/{check}", "{r}/check-suites/{suite}"),
    *_get("/repos/octo/app/actions/runs", "/repos/octo/app/actions/runs/{run}"),
    *_get("/repos/octo/app/attestations/{digest}"),
    *_get("/repos/octo/app/actions/runs/{run}/artifacts", "/repos/octo/app/actions/artifacts"),
    *_get("/repos/octo/app/actions/artifacts/{artifact}/zip", "/repos/octo/app/actions/workflows"),
    _send("POST", "{r}/git/blobs", {"content": "aGk=", "encoding": "base64"}, keeps=(("blob", "sha"),)),
    *_get("{r}/git/blobs/{blob}"),
    _send(
        "POST",
        "{r}/git/trees",
        {
            "base_tree": "{main}",
            "tree": [{"path": "n.txt", "mode": "100644", "type": "blob", "sha": "{blob}"}],
        },
        keeps=(("tree", "sha"),),
    ),
    _send(
        "POST",
        "{r}/git/commits",
        {"message": "m", "tree": "{tree}", "parents": ["{main}"]},
        keeps=(("made", "sha"),),
    ),
    _send("POST", "{r}/git/refs", {"ref": "refs/heads/made", "sha": "{main}"}),
    _send("PATCH", "{r}/git/refs/heads/made", {"sha": "{made}", "force": False}),
    _send("DELETE", "{r}/git/refs/heads/made"),
    _send("PUT", "{r}/contents/new.txt", FILE, keeps=(("content", "content"),)),
    _send("POST", "{r}/labels", {"name": "new", "color": "ededed", "description": "d"}),
    _send("POST", "{r}/issues/{pull}/labels", {"labels": ["new"]}),
    _send("DELETE", "{r}/issues/{pull}/labels/new"),
    _send("POST", "{r}/issues/{pull}/comments", {"body": "hello"}),
    _send("PATCH", "{r}/issues/comments/{comment}", {"body": "hello again"}, by="ana"),
    _send("POST", "{r}/issues/comments/{comment}/reactions", {"content": "+1"}),
    _send("POST", "{r}/issues/{pull}/reactions", {"content": "eyes"}),
    _send(
        "POST", "{r}/issues", {"title": "Incident", "body": "b", "labels": ["new"]}, keeps=(("i", "number"),)
    ),
    *_get("{r}/issues/{i}"),
    _send("PATCH", "{r}/issues/{i}", {"state": "closed", "state_reason": "completed"}),
    _send("POST", "{r}/check-runs", CHECK, keeps=(("mine", "id"),)),
    *_get("{r}/check-runs/{mine}/annotations"),
    _send("PATCH", "{r}/check-runs/{mine}", {"status": "completed", "conclusion": "success"}),
    _send("POST", "{r}/check-suites", {"head_sha": "{main}"}),
    _send("POST", "{r}/statuses/{sha}", {"state": "success", "context": "c", "description": "d"}),
    _send(
        "POST",
        "{r}/deployments",
        {"ref": "main", "environment": "dev", "required_contexts": []},
        keeps=(("d", "id"),),
    ),
    *_get("{r}/deployments?environment=dev", "{r}/environments", "{r}/environments/dev"),
    _send("POST", "{r}/deployments/{d}/statuses", {"state": "success", "description": "done"}),
    *_get("{r}/deployments/{d}/statuses"),
    _send("POST", "{r}/dispatches", {"event_type": "promote", "client_payload": {"a": 1}}),
    _send("POST", "/repos/octo/app/actions/workflows/build.yml/dispatches", {"ref": "main"}),
    _send(
        "POST",
        "{r}/pulls",
        {"title": "T", "head": "third", "base": "main", "body": "b"},
        keeps=(("p", "number"),),
    ),
    _send("PATCH", "{r}/pulls/{p}", {"title": "T2", "body": "b2"}),
    _send(
        "POST", "{r}/pulls/{p}/requested_reviewers", {"reviewers": ["ben"], "team_reviewers": ["platform"]}
    ),
    _send(
        "POST", "{r}/pulls/{p}/reviews", {"event": "APPROVE", "body": "fine"}, by="ben", keeps=(("v", "id"),)
    ),
    _send("PUT", "{r}/pulls/{p}/reviews/{v}/dismissals", {"message": "moved"}),
    _send("PUT", "{r}/pulls/{other}/merge", {"merge_method": "squash", "commit_title": "t"}),
    _send("PUT", "{r}/pulls/{p}/update-branch"),
    *_get("{r}/pulls/{other}"),
    _send("PATCH", "{r}/pulls/{p}", {"state": "closed"}),
    *_get("/app/hook/deliveries?per_page=100", by="jwt"),
]


@pytest.fixture(scope="module")
def answers() -> Iterator[dict[int, tuple[int, str, list[str]]]]:
    """Status, text and violations of every call, made in order."""
    served = serve()
    try:
        yield {number: _made(served, call) for number, call in enumerate(CALLS)}
    finally:
        served.github.stop()


def _made(served: Served, call: Call) -> tuple[int, str, list[str]]:
    before = len(served.recorder.violations)
    answer = served.call(call.method, call.path, call.body, call.by)
    if answer.ok:
        served.names.update({name: answer.json()[key] for name, key in call.keeps})
    return answer.status_code, answer.text, [str(v) for v in served.recorder.violations[before:]]


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[str(call) for call in CALLS])
def test_the_answer_is_one_that_github_describes(
    answers: dict[int, tuple[int, str, list[str]]], number: int
) -> None:
    status, text, violations = answers[number]
    assert status < 400, text
    assert violations == []
