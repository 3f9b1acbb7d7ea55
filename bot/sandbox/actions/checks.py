"""Check runs, check suites and commit statuses.

https://docs.github.com/rest/checks/runs
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.sandbox.access import require, who
from bot.sandbox.actions.refs import suite_of
from bot.sandbox.errors import Refused, forbidden, invalid
from bot.sandbox.state import Actor, App, CheckRun, CheckSuite, Repository, Status, World

CONCLUSIONS = (
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
)
STATUSES = ("queued", "in_progress", "completed", "waiting", "requested", "pending")
_WORST = ("failure", "timed_out", "cancelled", "action_required", "stale", "success", "neutral", "skipped")


def _app(actor: Actor) -> App:
    if actor.app is None or actor.installation is None:
        raise Refused(403, "You must authenticate via a GitHub App.")
    return actor.app


def _check_fields(fields: dict[str, Any]) -> None:
    """422 for what GitHub's limits refuse: words, 50 annotations, 3 actions, 65,535 characters."""
    if fields.get("conclusion") is not None and fields["conclusion"] not in CONCLUSIONS:
        raise invalid("Invalid request.\n\nconclusion is not a known value.")
    if fields.get("status") is not None and fields["status"] not in STATUSES:
        raise invalid("Invalid request.\n\nstatus is not a known value.")
    if fields.get("status") == "completed" and not fields.get("conclusion"):
        raise invalid("Invalid request.\n\nconclusion is required when the status is completed.")
    output = fields.get("output") or {}
    if output and not (output.get("title") and output.get("summary")):
        raise invalid("Invalid request.\n\nFor 'links/2/schema', title and summary weren't supplied.")
    for key in ("summary", "text"):
        if len(output.get(key) or "") > 65535:
            raise invalid(f"Invalid request.\n\nOnly 65535 characters are allowed in output.{key}.")
    if len(output.get("annotations") or []) > 50:
        count = len(output["annotations"])
        raise invalid(f"Invalid request.\n\nNo more than 50 items are allowed; {count} were supplied.")
    actions = fields.get("actions") or []
    if len(actions) > 3:
        raise invalid(f"Invalid request.\n\nNo more than 3 items are allowed; {len(actions)} were supplied.")
    for action in actions:
        if len(action["label"]) > 20 or len(action["description"]) > 40 or len(action["identifier"]) > 20:
            raise invalid("Invalid request.\n\nlabel 20, description 40, identifier 20 characters at most.")


def create_check_run(
    world: World,
    actor: Actor,
    repo: Repository,
    *,
    name: str,
    head_sha: str,
    branch: str | None = None,
    **fields: Any,
) -> CheckRun:
    """A check run of the acting App. ``fields``: status, conclusion, details_url, external_id, started_at,
    completed_at (datetimes), output {title, summary, text, annotations}, actions. 403 for people."""
    require(world, actor, repo, "checks", "write")
    app = _app(actor)
    _check_fields(fields)
    if not repo.git.has(head_sha):
        raise invalid(f"No commit found for SHA: {head_sha}")
    suite = suite_of(world, repo, app.id, head_sha, branch)
    run = CheckRun(
        repo=repo,
        suite=suite,
        app=app,
        name=name,
        head_sha=head_sha,
        status="queued",
        conclusion=None,
        started_at=world.clock.now(),
        completed_at=None,
    )
    world.register("CR", run)
    repo.check_runs[run.id] = run
    suite.runs.append(run)
    _apply(world, run, fields)
    world.emit("check_run", "created", repo, who(actor), check_run=run)
    _completed(world, actor, run)
    return run


def update_check_run(world: World, actor: Actor, run: CheckRun, **fields: Any) -> CheckRun:
    """Change a check run (same ``fields`` and ``name``); annotations are added. 403 for another App's."""
    require(world, actor, run.repo, "checks", "write")
    if _app(actor) is not run.app:
        text = "check run can only be modified by the GitHub App that created it."
        raise Refused(403, f"Invalid app_id `{_app(actor).id}` - {text}")
    _check_fields(fields)
    was_done = run.status == "completed"
    run.name = fields.pop("name", None) or run.name
    _apply(world, run, fields)
    if not was_done or "conclusion" in fields:
        _completed(world, actor, run)
    return run


def _apply(world: World, run: CheckRun, fields: dict[str, Any]) -> None:
    conclusion, status = fields.get("conclusion"), fields.get("status")
    if conclusion:
        run.status, run.conclusion = "completed", conclusion
        run.completed_at = _time(fields.get("completed_at")) or world.clock.now()
    elif status:
        run.status, run.conclusion, run.completed_at = status, None, None
    run.started_at = _time(fields.get("started_at")) or run.started_at
    for key in ("details_url", "external_id"):
        if fields.get(key) is not None:
            setattr(run, key, fields[key])
    output = fields.get("output")
    if output:
        run.output.update({k: v for k, v in output.items() if k in ("title", "summary", "text")})
        run.annotations += output.get("annotations") or []
    if fields.get("actions") is not None:
        run.actions = list(fields["actions"])
    run.suite.updated_at = world.clock.now()


def _time(value: datetime | str | None) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def suite_state(suite: CheckSuite) -> tuple[str, str | None]:
    """Status and conclusion of a suite from the latest run of each name."""
    latest = {run.name: run for run in suite.runs}
    if not latest:
        return "queued", None
    if any(run.status != "completed" for run in latest.values()):
        return "in_progress", None
    found = {run.conclusion for run in latest.values()}
    return "completed", next((c for c in _WORST if c in found), "neutral")


def _completed(world: World, actor: Actor, run: CheckRun) -> None:
    if run.status != "completed":
        return
    world.emit("check_run", "completed", run.repo, who(actor), check_run=run)
    if suite_state(run.suite)[0] == "completed":
        world.emit("check_suite", "completed", run.repo, who(actor), suite=run.suite)


def rerequest_check_run(world: World, actor: Actor, run: CheckRun) -> None:
    """Ask the owning App to run its check again (``check_run.rerequested``)."""
    require(world, actor, run.repo, "checks", "write")
    run.status, run.conclusion, run.completed_at = "queued", None, None
    world.emit("check_run", "rerequested", run.repo, who(actor), only_app=run.app, check_run=run)


def rerequest_check_suite(world: World, actor: Actor, suite: CheckSuite) -> None:
    """Ask the owning App to run all its checks again (``check_suite.rerequested``)."""
    require(world, actor, suite.repo, "checks", "write")
    world.emit("check_suite", "rerequested", suite.repo, who(actor), only_app=suite.app, suite=suite)


def press_button(world: World, actor: Actor, run: CheckRun, identifier: str) -> None:
    """A person presses a check run's button (``check_run.requested_action``); only who may write can."""
    require(world, actor, run.repo, "checks", "write")
    if identifier not in [action["identifier"] for action in run.actions]:
        raise forbidden()
    world.emit(
        "check_run",
        "requested_action",
        run.repo,
        who(actor),
        only_app=run.app,
        check_run=run,
        requested_action={"identifier": identifier},
    )


def set_status(
    world: World,
    actor: Actor,
    repo: Repository,
    sha: str,
    state: str,
    context: str = "default",
    description: str | None = None,
    target_url: str | None = None,
) -> Status:
    """A commit status; 422 for an unknown state or commit."""
    require(world, actor, repo, "statuses", "write")
    if state not in ("error", "failure", "pending", "success"):
        raise invalid("state is not included in the list", resource="Status", field="state", code="custom")
    if not repo.git.has(sha):
        raise invalid(f"No commit found for SHA: {sha}")
    status = Status(
        repo=repo,
        sha=sha,
        state=state,
        context=context,
        description=description,
        target_url=target_url,
        creator=who(actor),
        created_at=world.clock.now(),
    )
    repo.statuses.append(world.register("SC", status))
    world.emit("status", None, repo, status.creator, status=status)
    return status
