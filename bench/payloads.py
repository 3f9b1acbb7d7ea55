"""Deliveries as large as GitHub's: every object with all of its addresses, about 25 KB each."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

API = "https://api.github.com"
_OF_USER = "followers following gists starred subscriptions organizations repos events received_events"
_OF_REPOSITORY = (
    "forks keys collaborators teams hooks issue_events events assignees branches tags blobs git_tags git_refs trees"
    " statuses languages stargazers contributors subscribers subscription commits git_commits comments"
    " issue_comment contents compare merges archive downloads issues pulls milestones notifications labels"
    " releases deployments git ssh clone svn"
)


def user(login: str, number: int) -> dict[str, Any]:
    """An account as webhooks show it."""
    addresses = {f"{name}_url": f"{API}/users/{login}/{name}{{/other}}" for name in _OF_USER.split()}
    return {
        "login": login,
        "id": number,
        "node_id": f"MDQ6VXNlcj{number}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "url": f"{API}/users/{login}",
        **addresses,
        "type": "User",
        "site_admin": False,
    }


def repository(name: str, number: int) -> dict[str, Any]:
    """A repository as webhooks show it."""
    full = f"splattop/{name}"
    addresses = {f"{each}_url": f"{API}/repos/{full}/{each}{{/sha}}" for each in _OF_REPOSITORY.split()}
    return {
        "id": number,
        "node_id": f"R_kgDO{number}",
        "name": name,
        "full_name": full,
        "private": True,
        "owner": user("splattop", 900),
        "description": "Deployments of the shop, one folder for each environment.",
        "url": f"{API}/repos/{full}",
        **addresses,
        "default_branch": "main",
        "open_issues_count": 3,
        "topics": ["gitops", "helm"],
    }


def pull_request(number: int, repo: dict[str, Any]) -> dict[str, Any]:
    """A `pull_request` payload, action synchronize, with both repositories in it, padded by its body to 25 KB."""
    side = {
        "ref": "lockstep/staging/app",
        "sha": "0123456789abcdef" * 2 + "01234567",
        "user": user("splattop", 900),
    }
    pull = {
        "url": f"{API}/repos/{repo['full_name']}/pulls/{number}",
        "id": 10_000 + number,
        "number": number,
        "state": "open",
        "title": "Promote api 1.7.3, web 2.4.0 to staging",
        "user": user("lockstep[bot]", 901),
        "labels": [{"id": 1, "name": "automation:release-bump", "color": "ededed", "default": False}],
        "head": {**side, "repo": repo},
        "base": {**side, "ref": "main", "repo": repo},
        "body": "",
    }
    payload = {
        "action": "synchronize",
        "number": number,
        "pull_request": pull,
        "repository": repo,
        "sender": user("ana", 902),
        "installation": {"id": 3, "node_id": "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9uMw=="},
    }
    line = "| api | 1.7.2 → 1.7.3 | sha256:0123456789ab |\n"
    missing = 25_000 - len(json.dumps(payload))
    pull["body"] = line * max(0, missing // (len(line) + 1))
    return payload


def signed(secret: str, port: int, subjects: int = 10) -> list[tuple[bytes, bytes]]:
    """Requests to `/webhook` cut where the delivery's id belongs, each about another pull request."""
    requests = []
    for number in range(1, subjects + 1):
        body = json.dumps(pull_request(number, repository("config", 70 + number))).encode()
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        before = (
            f"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n"
            "Accept: */*\r\nContent-Type: application/json\r\nX-GitHub-Event: pull_request\r\n"
            "X-GitHub-Hook-ID: 1\r\nX-GitHub-Hook-Installation-Target-Type: integration\r\n"
            f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\nX-GitHub-Delivery: "
        )
        requests.append((before.encode(), b"\r\n\r\n" + body))
    return requests
