"""Check runs."""

from __future__ import annotations

from typing import Any

from bot.sandbox import actions
from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.mutations import Input, mutation
from bot.sandbox.state import CheckRun, Repository

_PLAIN = {"detailsUrl": "details_url", "externalId": "external_id", "startedAt": "started_at"}


@mutation("createCheckRun")
def create_check_run(context: Context, asked: Input) -> dict[str, Any]:
    """A check run of the acting App."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    made = actions.create_check_run(
        context.world, context.actor, repo, name=asked["name"], head_sha=asked["headSha"], **_fields(asked)
    )
    return {"checkRun": made}


@mutation("updateCheckRun")
def update_check_run(context: Context, asked: Input) -> dict[str, Any]:
    """Change one's own check run; annotations are added."""
    repo: Repository = context.expect(asked["repositoryId"], Repository)
    run: CheckRun = context.expect(asked["checkRunId"], CheckRun)
    if run.repo is not repo:
        raise Refused(404, f"Could not resolve to a CheckRun in {repo.full_name}.", kind="NOT_FOUND")
    fields = _fields(asked)
    if asked.get("name"):
        fields["name"] = asked["name"]
    return {"checkRun": actions.update_check_run(context.world, context.actor, run, **fields)}


def _fields(asked: Input) -> dict[str, Any]:
    """GraphQL's names → the actions' names (REST's), words in lower case."""
    fields = {ours: asked[theirs] for theirs, ours in _PLAIN.items() if asked.get(theirs) is not None}
    if asked.get("completedAt"):
        fields["completed_at"] = asked["completedAt"]
    for key in ("status", "conclusion"):
        if asked.get(key):
            fields[key] = asked[key].lower()
    if asked.get("output"):
        fields["output"] = _output(asked["output"])
    if asked.get("actions") is not None:
        fields["actions"] = [dict(action) for action in asked["actions"]]
    return fields


def _output(asked: dict[str, Any]) -> dict[str, Any]:
    annotations = [_annotation(a) for a in asked.get("annotations") or []]
    return {**{k: asked.get(k) for k in ("title", "summary", "text")}, "annotations": annotations}


def _annotation(asked: dict[str, Any]) -> dict[str, Any]:
    place = asked["location"]
    return {
        "path": asked["path"],
        "message": asked["message"],
        "annotation_level": asked["annotationLevel"].lower(),
        "title": asked.get("title"),
        "raw_details": asked.get("rawDetails"),
        "start_line": place["startLine"],
        "end_line": place["endLine"],
        "start_column": place.get("startColumn"),
        "end_column": place.get("endColumn"),
    }
