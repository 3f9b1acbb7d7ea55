"""Check runs, check suites and commit statuses."""

from __future__ import annotations

from flask import Response, request

from bot.sandbox import actions
from bot.sandbox.represent import checks
from bot.sandbox.rest.common import (
    actor,
    body,
    commit_of,
    find,
    listed,
    needed,
    reply,
    repo,
    repository_routes,
    world,
)
from bot.sandbox.state import CheckRun, Repository

routes = repository_routes("checks")
_FIELDS = (
    "status",
    "conclusion",
    "details_url",
    "external_id",
    "started_at",
    "completed_at",
    "output",
    "actions",
)


@routes.post("/check-runs")
def create_check_run() -> Response:
    """POST …/check-runs"""
    found, sent = repo("checks", "write"), body()
    name, sha = needed(sent, "name", "head_sha")
    fields = {key: sent[key] for key in _FIELDS if key in sent}
    made = actions.create_check_run(world(), actor(), found, name=name, head_sha=sha, **fields)
    return reply(checks.check_run(world(), made), 201)


@routes.get("/check-runs/<int:number>")
def get_check_run(number: int) -> Response:
    """GET …/check-runs/{check_run_id}"""
    return reply(checks.check_run(world(), find(repo("checks").check_runs, number)))


@routes.patch("/check-runs/<int:number>")
def update_check_run(number: int) -> Response:
    """PATCH …/check-runs/{check_run_id}"""
    run, sent = find(repo("checks", "write").check_runs, number), body()
    fields = {key: sent[key] for key in (*_FIELDS, "name") if key in sent}
    return reply(checks.check_run(world(), actions.update_check_run(world(), actor(), run, **fields)))


@routes.get("/check-runs/<int:number>/annotations")
def list_annotations(number: int) -> Response:
    """GET …/check-runs/{check_run_id}/annotations"""
    run = find(repo("checks").check_runs, number)
    return listed(run.annotations, lambda raw: checks.annotation(world(), run, raw))


@routes.post("/check-runs/<int:number>/rerequest")
def rerequest(number: int) -> Response:
    """POST …/check-runs/{check_run_id}/rerequest"""
    actions.rerequest_check_run(world(), actor(), find(repo("checks").check_runs, number))
    return reply({}, 201)


@routes.post("/check-suites")
def create_check_suite() -> Response:
    """POST …/check-suites: the App's suite on ``head_sha``."""
    found, sent = repo("checks", "write"), body()
    (sha,) = needed(sent, "head_sha")
    app = actor().app
    known = {s.id for s in found.suites.values()}
    suite = actions.suite_of(world(), found, app.id if app else 0, commit_of(found, sha))
    return reply(checks.check_suite(world(), suite), 200 if suite.id in known else 201)


@routes.get("/check-suites/<int:number>")
def get_check_suite(number: int) -> Response:
    """GET …/check-suites/{check_suite_id}"""
    return reply(checks.check_suite(world(), find(repo("checks").suites, number)))


@routes.get("/check-suites/<int:number>/check-runs")
def list_suite_runs(number: int) -> Response:
    """GET …/check-suites/{check_suite_id}/check-runs"""
    return _runs(find(repo("checks").suites, number).runs)


@routes.post("/check-suites/<int:number>/rerequest")
def rerequest_suite(number: int) -> Response:
    """POST …/check-suites/{check_suite_id}/rerequest"""
    actions.rerequest_check_suite(world(), actor(), find(repo("checks").suites, number))
    return reply({}, 201)


def _runs(runs: list[CheckRun]) -> Response:
    """Filtered by ``check_name``, ``status``, ``app_id`` ``filter`` (latest of each name, or all)."""
    args = request.args
    chosen = sorted(runs, key=lambda r: -r.id)
    if args.get("check_name"):
        chosen = [r for r in chosen if r.name == args["check_name"]]
    if args.get("app_id"):
        chosen = [r for r in chosen if str(r.app.id) == args["app_id"]]
    if args.get("filter", "latest") == "latest":
        newest: dict[tuple[int, str], CheckRun] = {}
        for run in chosen:
            newest.setdefault((run.app.id, run.name), run)
        chosen = list(newest.values())
    if args.get("status"):
        chosen = [r for r in chosen if r.status == args["status"]]
    return listed(chosen, lambda r: checks.check_run(world(), r), "check_runs")


def _at(found: Repository, ref: str) -> str:
    return commit_of(found, ref)


@routes.get("/commits/<path:ref>/check-runs")
def list_check_runs(ref: str) -> Response:
    """GET …/commits/{ref}/check-runs"""
    found = repo("checks")
    sha = _at(found, ref)
    return _runs([r for r in found.check_runs.values() if r.head_sha == sha])


@routes.get("/commits/<path:ref>/check-suites")
def list_check_suites(ref: str) -> Response:
    """GET …/commits/{ref}/check-suites"""
    found = repo("checks")
    sha, app = _at(found, ref), request.args.get("app_id")
    mine = [s for s in found.suites.values() if s.head_sha == sha and app in (None, str(s.app.id))]
    return listed(mine, lambda s: checks.check_suite(world(), s), "check_suites")


@routes.get("/commits/<path:ref>/status")
def combined_status(ref: str) -> Response:
    """GET …/commits/{ref}/status"""
    found = repo("statuses")
    return reply(checks.combined(world(), found, _at(found, ref)))


@routes.get("/commits/<path:ref>/statuses")
def list_statuses(ref: str) -> Response:
    """GET …/commits/{ref}/statuses, newest first"""
    found = repo("statuses")
    sha = _at(found, ref)
    mine = [s for s in reversed(found.statuses) if s.sha == sha]
    return listed(mine, lambda s: checks.status(world(), s))


@routes.post("/statuses/<sha>")
def create_status(sha: str) -> Response:
    """POST …/statuses/{sha}"""
    found, sent = repo("statuses", "write"), body()
    (state,) = needed(sent, "state")
    context = sent.get("context") or "default"
    text, url = sent.get("description"), sent.get("target_url")
    made = actions.set_status(world(), actor(), found, sha, state, context, text, url)
    return reply(checks.status(world(), made), 201)
