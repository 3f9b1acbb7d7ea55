"""GitHub Actions: workflows, runs, artifacts; and deployments with their environments."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from bot.sandbox import actions
from bot.sandbox.access import who
from bot.sandbox.actions.workflows import start_run
from bot.sandbox.errors import Refused, not_found
from bot.sandbox.represent import accounts, checks, repos
from bot.sandbox.rest.common import (
    actor,
    body,
    find,
    listed,
    needed,
    nothing,
    reply,
    repo,
    repository_routes,
    world,
)
from bot.sandbox.state import Artifact, Deployment, Repository, Workflow, WorkflowRun

routes = repository_routes("actions")
blobs = Blueprint("blobs", __name__)


@routes.get("/actions/runs")
def list_runs() -> Response:
    """GET …/actions/runs by ``branch``, ``event``, ``status``, ``head_sha``, ``actor``; newest first."""
    return _list_runs(repo("actions"), None)


@routes.get("/actions/workflows/<flow>/runs")
def list_workflow_runs(flow: str) -> Response:
    """GET …/actions/workflows/{workflow_id}/runs"""
    found = repo("actions")
    return _list_runs(found, _workflow(found, flow))


def _list_runs(found: Repository, flow: Workflow | None) -> Response:
    args = request.args
    runs = sorted(found.runs.values(), key=lambda r: -r.id)
    runs = [r for r in runs if flow in (None, r.workflow)]
    tests: dict[str, Callable[[WorkflowRun, str], bool]] = {
        "branch": lambda r, v: r.head_branch == v,
        "event": lambda r, v: r.event == v,
        "status": lambda r, v: v in (r.status, r.conclusion),
        "head_sha": lambda r, v: r.head_sha == v,
        "actor": lambda r, v: r.actor.login == v,
        "created": lambda r, v: _created(r, v),
    }
    for name, test in tests.items():
        value = args.get(name)
        if value:
            runs = [r for r in runs if test(r, value)]
    return listed(runs, lambda r: checks.run(world(), r), "workflow_runs")


def _created(run: WorkflowRun, wanted: str) -> bool:
    """``created=>=TIME``, the one form of GitHub's date search that is known here."""
    if not wanted.startswith(">="):
        raise Refused(422, "this form of created is not known to the local GitHub")
    return run.created_at >= datetime.fromisoformat(wanted[2:])


@routes.get("/actions/runs/<int:number>")
def get_run(number: int) -> Response:
    """GET …/actions/runs/{run_id}"""
    return reply(checks.run(world(), find(repo("actions").runs, number)))


@routes.get("/actions/runs/<int:number>/attempts/<int:attempt>")
def get_attempt(number: int, attempt: int) -> Response:
    """GET …/actions/runs/{run_id}/attempts/{attempt_number}"""
    run = find(repo("actions").runs, number)
    if not 1 <= attempt <= run.attempt:
        raise not_found()
    return reply(checks.run(world(), run, attempt))


def _artifacts(items: list[Artifact]) -> Response:
    name = request.args.get("name")
    chosen = [a for a in reversed(items) if name in (None, a.name)]
    return listed(chosen, lambda a: checks.artifact(world(), a), "artifacts")


@routes.get("/actions/runs/<int:number>/artifacts")
def list_run_artifacts(number: int) -> Response:
    """GET …/actions/runs/{run_id}/artifacts"""
    return _artifacts(find(repo("actions").runs, number).artifacts)


@routes.get("/actions/artifacts")
def list_artifacts() -> Response:
    """GET …/actions/artifacts"""
    return _artifacts(list(repo("actions").artifacts.values()))


@routes.get("/attestations/<path:digest>")
def list_attestations(digest: str) -> Response:
    """GET …/attestations/{subject_digest}; an empty list is a 404, as on GitHub."""
    found = repo("attestations")
    bundles = found.attestations.get(digest, [])
    if not bundles:
        raise not_found()
    return reply({"attestations": [{"bundle": each, "repository_id": found.id} for each in bundles]})


@routes.get("/actions/artifacts/<int:number>")
def get_artifact(number: int) -> Response:
    """GET …/actions/artifacts/{artifact_id}"""
    return reply(checks.artifact(world(), find(repo("actions").artifacts, number)))


def _signature(number: int, expires: int) -> str:
    text = f"{number}:{expires}".encode()
    return hmac.new(world().blob_key, text, hashlib.sha256).hexdigest()


@routes.get("/actions/artifacts/<int:number>/<kind>")
def download_artifact(number: int, kind: str) -> Answer:
    """GET …/actions/artifacts/{artifact_id}/zip: 302 to the blob store, good for a minute; 410 expired."""
    artifact = find(repo("actions").artifacts, number)
    if kind != "zip":
        raise not_found()
    if artifact.expired:
        raise Refused(410, "Artifact has expired")
    expires = int(world().clock.now().timestamp()) + 60
    where = f"{world().blob_url}/_blobs/{number}.zip?se={expires}&sig={_signature(number, expires)}"
    return redirect(where, 302)


@blobs.get("/_blobs/<int:number>.zip")
def get_blob(number: int) -> Response:
    """The blob store: refuses any ``Authorization`` header, as Azure does for a signed address."""
    if "Authorization" in request.headers:
        code = "InvalidAuthenticationInfo"
        text = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code></Error>'
        return Response(text, 400, content_type="application/xml", headers={"x-ms-error-code": code})
    with world().lock:
        expires = request.args.get("se", "0")
        late = not expires.isdigit() or int(expires) < world().clock.now().timestamp()
        right = not late and hmac.compare_digest(
            _signature(number, int(expires)), request.args.get("sig", "")
        )
        if not right:
            return Response("<Error><Code>AuthenticationFailed</Code></Error>", 403)
        found = [r.artifacts[number] for r in world().repositories.values() if number in r.artifacts]
    if not found:
        return Response("<Error><Code>BlobNotFound</Code></Error>", 404)
    return Response(found[0].zip, content_type="application/zip")


def _workflow(found: Repository, key: str) -> Workflow:
    for flow in found.workflows.values():
        if key in (str(flow.id), flow.path.rsplit("/", 1)[-1]):
            return flow
    raise not_found()


@routes.get("/actions/workflows")
def list_workflows() -> Response:
    """GET …/actions/workflows"""
    flows = list(repo("actions").workflows.values())
    return listed(flows, lambda f: checks.workflow(world(), f), "workflows")


@routes.get("/actions/workflows/<flow>")
def get_workflow(flow: str) -> Response:
    """GET …/actions/workflows/{workflow_id}, by id or file name"""
    return reply(checks.workflow(world(), _workflow(repo("actions"), flow)))


@routes.post("/actions/workflows/<flow>/dispatches")
def dispatch_workflow(flow: str) -> Response:
    """POST …/actions/workflows/{workflow_id}/dispatches: recorded in ``world.dispatches``, and a run begins.

    200 with the run's id when ``return_run_details`` asks for it, else 204.
    """
    found, sent = repo("actions", "write"), body()
    (ref,) = needed(sent, "ref")
    called = _workflow(found, flow)
    sha = found.git.resolve(ref)
    if sha is None:
        raise Refused(422, f"No ref found for: {ref}")
    inputs = sent.get("inputs") or {}
    world().dispatches.append((found.full_name, called.path, {"ref": ref, "inputs": inputs}))
    made = start_run(
        world(), found, called, branch=ref, sha=sha, event="workflow_dispatch", actor=who(actor())
    )
    if not sent.get("return_run_details"):
        return nothing()
    told = checks.run(world(), made)
    return reply({"workflow_run_id": made.id, "run_url": told["url"], "html_url": told["html_url"]}, 200)


@routes.post("/actions/runs/<int:number>/deployment_protection_rule")
def review_gate(number: int) -> Response:
    """POST …/actions/runs/{run_id}/deployment_protection_rule"""
    found, sent = repo("deployments", "write"), body()
    (environment,) = needed(sent, "environment_name")
    run = find(found.runs, number)
    actions.answer_gate(world(), actor(), run, environment, sent.get("state"), sent.get("comment"))
    return nothing()


@routes.get("/deployments")
def list_deployments() -> Response:
    """GET …/deployments by ``sha``, ``ref``, ``task``, ``environment``; newest first."""
    found = sorted(repo("deployments").deployments.values(), key=lambda d: -d.id)
    for name in ("sha", "ref", "task", "environment"):
        value = request.args.get(name)
        if value and value != "none":
            found = [d for d in found if getattr(d, name) == value]
    return listed(found, lambda d: checks.deployment(world(), d))


@routes.post("/deployments")
def create_deployment() -> Response:
    """POST …/deployments"""
    found, sent = repo("deployments", "write"), body()
    (ref,) = needed(sent, "ref")
    keys = ("environment", "task", "payload", "description", "required_contexts")
    fields = {key: sent[key] for key in keys if key in sent}
    made = actions.create_deployment(world(), actor(), found, ref=ref, **fields)
    return reply(checks.deployment(world(), made), 201)


def _deployment(number: int, level: str = "read") -> Deployment:
    return find(repo("deployments", level).deployments, number)


@routes.get("/deployments/<int:number>/statuses")
def list_deployment_statuses(number: int) -> Response:
    """GET …/deployments/{deployment_id}/statuses, newest first"""
    found = _deployment(number)
    return listed(found.statuses[::-1], lambda s: checks.deployment_status(world(), found, s))


@routes.post("/deployments/<int:number>/statuses")
def create_deployment_status(number: int) -> Response:
    """POST …/deployments/{deployment_id}/statuses"""
    found, sent = _deployment(number, "write"), body()
    (state,) = needed(sent, "state")
    made = actions.set_deployment_status(
        world(),
        actor(),
        found,
        state,
        sent.get("description") or "",
        sent.get("log_url") or sent.get("target_url") or "",
        sent.get("environment_url") or "",
        bool(sent.get("auto_inactive", True)),
    )
    return reply(checks.deployment_status(world(), found, made), 201)


def _environment(found: Repository, name: str) -> dict[str, object]:
    raw = found.environments[name]
    at = accounts.stamp(raw["created_at"])
    return {
        "id": raw["id"],
        "node_id": f"EN_{raw['id']}",
        "name": name,
        "url": f"{repos.api(world(), found)}/environments/{name}",
        "html_url": f"{repos.html(world(), found)}/deployments/{name}",
        "created_at": at,
        "updated_at": at,
        "protection_rules": [],
        "deployment_branch_policy": None,
    }


@routes.get("/environments")
def list_environments() -> Response:
    """GET …/environments"""
    found = repo("actions")
    return listed(list(found.environments), lambda name: _environment(found, name), "environments")


@routes.get("/environments/<path:name>")
def get_environment(name: str) -> Response:
    """GET …/environments/{environment_name}"""
    found = repo("actions")
    if name not in found.environments:
        raise not_found()
    return reply(_environment(found, name))
