"""Check runs, suites, statuses, and the rollup of a commit.

https://docs.github.com/graphql/reference/objects#statuscheckrollup
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.sandbox.actions import suite_state
from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context, GitCommit, GitRef
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.page import Listing
from bot.sandbox.state import CheckRun, CheckSuite, Pull, Repository, Status

_FAILED = {"failure", "timed_out", "cancelled", "action_required", "startup_failure", "stale"}

type_names(CheckRun, "CheckRun")
type_names(CheckSuite, "CheckSuite")
type_names(Status, "StatusContext")

# runs -----------------------------------------------------------------------------------------------------
RUN = Fields("CheckRun")
RUN.attributes(
    id="node_id",
    databaseId="id",
    name="name",
    startedAt="started_at",
    completedAt="completed_at",
    externalId="external_id",
    checkSuite="suite",
    repository="repo",
)
RUN.add("status", lambda r, _c, _: r.status.upper())
RUN.add("conclusion", lambda r, _c, _: r.conclusion.upper() if r.conclusion else None)
RUN.add("title", lambda r, _c, _: r.output.get("title"))
RUN.add("summary", lambda r, _c, _: r.output.get("summary"))
RUN.add("text", lambda r, _c, _: r.output.get("text"))
RUN.add("detailsUrl", lambda r, c, _: r.details_url or c.web(_page(r)))
RUN.add("url", lambda r, c, _: c.web(_page(r)))
RUN.add("permalink", lambda r, c, _: c.web(_page(r)))
RUN.add("resourcePath", lambda r, _c, _: f"/{_page(r)}")


def _page(run: CheckRun) -> str:
    return f"{run.repo.full_name}/runs/{run.id}"


@RUN.connection("annotations")
def run_annotations(run: CheckRun, context: Context, _args: dict[str, Any]) -> list[dict[str, Any]]:
    """The annotations of a run."""
    return [_annotation(run, context, raw) for raw in run.annotations]


def _annotation(run: CheckRun, context: Context, raw: dict[str, Any]) -> dict[str, Any]:
    ends = {
        side: {"line": raw.get(f"{side}_line"), "column": raw.get(f"{side}_column")}
        for side in ("start", "end")
    }
    return {
        "path": raw.get("path"),
        "message": raw.get("message"),
        "title": raw.get("title"),
        "rawDetails": raw.get("raw_details"),
        "annotationLevel": str(raw.get("annotation_level", "notice")).upper(),
        "location": ends,
        "blobUrl": context.web(f"{run.repo.full_name}/blob/{run.head_sha}/{raw.get('path')}"),
    }


@Fields("CheckRun", "StatusContext").field("isRequired")
def is_required(check: CheckRun | Status, context: Context, args: dict[str, Any]) -> bool:
    """Whether the pull request's base branch requires a check of this name (and App)."""
    if args.get("pullRequestId"):
        pull = context.expect(args["pullRequestId"], Pull)
    elif args.get("pullRequestNumber"):
        pull = check.repo.pull(args["pullRequestNumber"])
    else:
        raise Refused(200, "Either pullRequestId or pullRequestNumber must be specified.")
    rules = pull.repo.protections.get(pull.base_ref)
    name, app = (check.name, check.app.id) if isinstance(check, CheckRun) else (check.context, None)
    return any(
        context_ == name and wanted in (None, app) for context_, wanted in (rules.checks if rules else [])
    )


# suites ---------------------------------------------------------------------------------------------------
SUITE = Fields("CheckSuite")
SUITE.attributes(id="node_id", databaseId="id", app="app", repository="repo")
SUITE.attributes(createdAt="created_at", updatedAt="updated_at")
SUITE.add("status", lambda s, _c, _: suite_state(s)[0].upper())
SUITE.add("conclusion", lambda s, _c, _: (suite_state(s)[1] or "").upper() or None)
SUITE.add("commit", lambda s, _c, _: GitCommit(s.repo, s.head_sha))


@SUITE.field("branch")
def suite_branch(suite: CheckSuite, _context: Context, _args: dict[str, Any]) -> GitRef | None:
    """The branch that the suite belongs to, when it is still there."""
    name = f"heads/{suite.head_branch}"
    return GitRef(suite.repo, name) if suite.head_branch and suite.repo.git.ref(name) else None


@SUITE.connection("checkRuns")
def check_runs(suite: CheckSuite, _context: Context, args: dict[str, Any]) -> list[CheckRun]:
    """Runs of the suite: the latest of each name, or all with `checkType: ALL`."""
    wanted = args.get("filterBy") or {}
    runs = suite.runs if wanted.get("checkType") == "ALL" else list({r.name: r for r in suite.runs}.values())
    states = set(wanted.get("statuses") or []) | ({wanted["status"]} if wanted.get("status") else set())
    conclusions = wanted.get("conclusions")
    return [
        r
        for r in runs
        if wanted.get("appId") in (None, r.app.id)
        and wanted.get("checkName") in (None, r.name)
        and (not states or r.status.upper() in states)
        and (conclusions is None or (r.conclusion or "").upper() in conclusions)
    ]


@Fields("Commit").connection("checkSuites")
def check_suites(commit: GitCommit, context: Context, args: dict[str, Any]) -> list[CheckSuite]:
    """Suites on a commit; `filterBy` appId and checkName."""
    context.reads(commit.repo, "checks")
    wanted = args.get("filterBy") or {}
    return [
        s
        for s in commit.repo.suites.values()
        if s.head_sha == commit.sha
        and wanted.get("appId") in (None, s.app.id)
        and (not wanted.get("checkName") or any(r.name == wanted["checkName"] for r in s.runs))
    ]


# statuses and the rollup --------------------------------------------------------------------------------------
STATUS = Fields("StatusContext")
STATUS.attributes(id="node_id", context="context", description="description", targetUrl="target_url")
STATUS.attributes(creator="creator", createdAt="created_at")
STATUS.add("state", lambda s, _c, _: s.state.upper())
STATUS.add("commit", lambda s, _c, _: GitCommit(s.repo, s.sha))


def _statuses(repo: Repository, sha: str) -> list[Status]:
    """The latest status of each context."""
    return list({s.context: s for s in repo.statuses if s.sha == sha}.values())


def _runs(repo: Repository, sha: str) -> list[CheckRun]:
    """The latest run of each name of each App."""
    runs = sorted((r for r in repo.check_runs.values() if r.head_sha == sha), key=lambda r: r.id)
    return list({(r.app.id, r.name): r for r in runs}.values())


@dataclass(frozen=True, slots=True)
class Rollup:
    """Everything that checks said about a commit."""

    commit: GitCommit

    @property
    def contexts(self) -> list[CheckRun | Status]:
        """Latest check runs, then latest statuses."""
        return [*_runs(self.commit.repo, self.commit.sha), *_statuses(self.commit.repo, self.commit.sha)]


@dataclass(frozen=True, slots=True)
class CombinedStatus:
    """The classic statuses of a commit alone."""

    commit: GitCommit


def rolled_up(contexts: list[CheckRun] | list[Status] | list[CheckRun | Status]) -> str:
    """FAILURE before ERROR before PENDING before SUCCESS."""
    states = {_state(context) for context in contexts}
    return next((s for s in ("FAILURE", "ERROR", "PENDING") if s in states), "SUCCESS")


def _state(context: CheckRun | Status) -> str:
    if isinstance(context, Status):
        return context.state.upper()
    if context.status != "completed":
        return "PENDING"
    return "FAILURE" if context.conclusion in _FAILED else "SUCCESS"


@Fields("Commit").field("statusCheckRollup")
def rollup(commit: GitCommit, context: Context, _args: dict[str, Any]) -> Rollup | None:
    """Null when nothing has said anything about the commit: that is not the same as green."""
    context.reads(commit.repo, "checks")
    context.reads(commit.repo, "statuses")
    found = Rollup(commit)
    return found if found.contexts else None


@Fields("PullRequest").field("statusCheckRollup")
def pull_rollup(pull: Pull, context: Context, args: dict[str, Any]) -> Rollup | None:
    """The rollup of the head commit."""
    found: Rollup | None = rollup(GitCommit(pull.repo, pull.head_sha), context, args)
    return found


ROLLUP = Fields("StatusCheckRollup")
ROLLUP.attributes(commit="commit")
ROLLUP.add("id", lambda r, _c, _: f"SCR_{r.commit.repo.id}_{r.commit.sha}")
ROLLUP.add("state", lambda r, _c, _: rolled_up(r.contexts))


@ROLLUP.connection("contexts")
def rollup_contexts(found: Rollup, _context: Context, _args: dict[str, Any]) -> Listing:
    """Check runs and statuses in one list."""
    runs = sum(isinstance(c, CheckRun) for c in found.contexts)
    extra = {"checkRunCount": runs, "statusContextCount": len(found.contexts) - runs}
    return Listing(items=found.contexts, extra=extra)


@Fields("Commit").field("status")
def commit_status(commit: GitCommit, context: Context, _args: dict[str, Any]) -> CombinedStatus | None:
    """The classic statuses, null when there is none; check runs are not in it."""
    context.reads(commit.repo, "statuses")
    return CombinedStatus(commit) if _statuses(commit.repo, commit.sha) else None


COMBINED = Fields("Status")
COMBINED.attributes(commit="commit")
COMBINED.add("id", lambda s, _c, _: f"ST_{s.commit.repo.id}_{s.commit.sha}")
COMBINED.add("state", lambda s, _c, _: rolled_up(_statuses(s.commit.repo, s.commit.sha)))
COMBINED.add("contexts", lambda s, _c, _: _statuses(s.commit.repo, s.commit.sha))


@COMBINED.field("context")
def one_context(found: CombinedStatus, _context: Context, args: dict[str, Any]) -> Status | None:
    """The latest status of this context, or null."""
    listed = _statuses(found.commit.repo, found.commit.sha)
    return next((s for s in listed if s.context == args["name"]), None)
