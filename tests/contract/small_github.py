"""A small local GitHub that is served over HTTP, with everything in it that a route can answer about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from bot.sandbox.scenario import Sandbox
from tests.contract.recorder import ContractRecorder

PERMISSIONS = {
    "actions": "write",
    "administration": "read",
    "attestations": "read",
    "checks": "write",
    "contents": "write",
    "deployments": "write",
    "environments": "read",
    "issues": "write",
    "members": "read",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
    "workflows": "write",
}
EVENTS = [
    "check_run",
    "check_suite",
    "deployment",
    "deployment_protection_rule",
    "deployment_status",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "push",
    "status",
    "workflow_run",
]


@dataclass(slots=True, kw_only=True)
class Served:
    """The sandbox, who listens, and the names that paths are filled with."""

    github: Sandbox
    recorder: ContractRecorder
    names: dict[str, Any]
    tokens: dict[str, str]

    def call(self, method: str, path: str, body: Any = None, by: str = "app") -> requests.Response:
        """One request over HTTP; `{names}` in path and body are filled in. `by`: app, jwt or a login."""
        token = self.tokens.get(by) or self.github.user_token(by)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
        url = self.github.base_url + path.format(**self.names)
        return requests.request(
            method, url, json=self._filled(body), headers=headers, timeout=10, allow_redirects=False
        )

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: self._filled(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        return value.format(**self.names) if isinstance(value, str) else value


def serve() -> Served:
    """octo/app (with a finished run) and octo/config (with pull requests, checks, reviews, a deployment)."""
    github = Sandbox.start()
    recorder = ContractRecorder()
    github.observe(recorder)
    app = github.app(7, permissions=PERMISSIONS, events=EVENTS)
    github.org("octo", admins=["ana"])
    github.team("octo/platform", members=["ben", "ana"])
    for name in ("octo/app", "octo/config"):
        github.repository(name, {"README.md": "# hi\n", "helm/values-dev.yaml": "api:\n  tag: 1.0.0\n"})
    github.grant("octo/platform", "octo/config", "write")
    installation = github.install(app, "octo")
    names: dict[str, Any] = {"installation": installation.id, "r": "/repos/octo/config"}
    _app_repository(github, names)
    _config_repository(github, names)
    token = github.installation_token(installation)
    return Served(
        github=github, recorder=recorder, names=names, tokens={"app": token, "jwt": github.jwt(app)}
    )


def _app_repository(github: Sandbox, names: dict[str, Any]) -> None:
    run = github.start_run("octo/app", ".github/workflows/build.yml")
    github.finish_run(run, "success", {"component-tags": {"component-tags.json": b"{}"}})
    digest = "sha256:" + "1" * 64
    github.attest("octo/app", digest, {"mediaType": "x", "dsseEnvelope": {}, "verificationMaterial": {}})
    names["digest"] = digest
    names.update(run=run.id, artifact=run.artifacts[0].id, workflow=run.workflow.id)


def _config_repository(github: Sandbox, names: dict[str, Any]) -> None:
    github.push("octo/config", "topic", {"helm/values-dev.yaml": "api:\n  tag: 1.1.0\n"}, by="ben")
    pull = github.open_pull("octo/config", by="ben", head="topic", base="main", title="A change", body="Why")
    github.push("octo/config", "other", {"other.txt": "1\n"}, by="ben")
    other = github.open_pull("octo/config", by="ben", head="other", base="main", title="Another")
    github.push("octo/config", "third", {"third.txt": "1\n"}, by="ben")
    comment = github.comment(pull, "ana", "/promote")
    review = github.review(pull, "ana", "APPROVE")
    github.label(pull, "ana", "env:dev")
    sha = pull.head_sha
    github.check("octo/config", sha, "unit", "success")
    run = github.check("octo/config", sha, "lockstep: main", "failure", by_app="lockstep")
    github.status("octo/config", sha, "ci/legacy", "success")
    github.protect("octo/config", "release", checks=["unit"], reviews=1)
    github.push("octo/config", "release", {"x": "1"}, by="ben", bypass=True)
    names.update(
        pull=pull.number,
        other=other.number,
        comment=comment.id,
        review=review.id,
        sha=sha,
        main=github.sha("octo/config", "main"),
        check=run.id,
        suite=run.suite.id,
    )
