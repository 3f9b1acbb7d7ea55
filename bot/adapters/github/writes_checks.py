"""Check runs: posted, renewed, and annotated fifty lines at a time.

https://docs.github.com/en/rest/checks/runs · https://docs.github.com/en/graphql/reference/mutations#createcheckrun
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.adapters.github.batch import Batch
from bot.adapters.github.graphql import FieldError, write_trouble
from bot.adapters.github.known import KnownCheck
from bot.adapters.github.mutations import Mutation
from bot.adapters.github.parse import ANNOTATED
from bot.adapters.github.text import CHECK_TEXT, CHECK_TITLE, cut, one_line
from bot.errors import Terminal
from bot.model.action import CheckRun, CommentOnCommit, SetCheck
from bot.model.verdict import Annotation

SHORT = 2_000
REFUSED = "\n\n… (GitHub did not take the whole text)"
PER_REQUEST = 50
"""GitHub takes no more annotations at once; later ones are added by renewing the run."""


def set_check(batch: Batch, index: int, action: SetCheck) -> None:
    """Posts or renews a check run; with more than fifty annotations it is renewed until all are there.

    GitHub adds annotations and never takes one away, and a finished run is finished: where that would leave something
    untrue, a new run of the same name takes the old one's place.
    """
    check = action.check
    pages = _pages(check.annotations)
    if action.existing and _renewable(batch, action.existing, check):
        _update(batch, index, action.existing, check, pages)
        return
    fixed = {"repositoryId": batch.repository.node_id, "headSha": check.head_sha}
    batch.add(
        index,
        Mutation(field="createCheckRun", input=fixed | _state(check, pages[0])),
        lambda payload: _posted(batch, check, payload),
        lambda error: _shorter(batch, check, "createCheckRun", fixed, error),
    )
    if len(pages) > 1:
        batch.flush()
        _update(batch, index, str(batch.results[index]["check_run"]), check, pages[1:])


def queued(batch: Batch, index: int, names: Sequence[str], head_sha: str) -> None:
    """Posts check runs as queued at once, so that nobody wonders whether Lockstep has seen the commit."""
    for name in names:
        given = {
            "repositoryId": batch.repository.node_id,
            "headSha": head_sha,
            "name": name,
            "status": "QUEUED",
        }
        batch.add(index, Mutation(field="createCheckRun", input=given))


def commented_on_commit(batch: Batch, index: int, action: CommentOnCommit) -> None:
    """A check run on a commit of another repository, by REST. One of ours with that name is renewed: it may be there
    although nobody knows, because GitHub's answer got lost or the process died before it came.

    https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
    """
    batch.flush()
    check = action.check
    path = f"/repos/{action.repository}/check-runs"
    given = {"check_name": check.name, "app_id": batch.app_id}
    listed = f"/repos/{action.repository}/commits/{check.head_sha}/check-runs"
    there = batch.channel.rest("GET", listed, purpose="write", params=given).data["check_runs"]
    if there:
        data, pages = there[0], _pages(check.annotations)
    else:
        first, *pages = _pages(check.annotations)
        body = {"head_sha": check.head_sha} | _rest_state(check, first)
        answer = batch.channel.rest("POST", path, purpose="write", body=body, allow=(422,))
        if answer.status == 422:
            body = {"head_sha": check.head_sha} | _rest_state(_bare(check), ())
            answer, pages = batch.channel.rest("POST", path, purpose="write", body=body), []
        data = answer.data
    for page in pages:
        where, body = f"{path}/{data['id']}", _rest_state(check, page)
        if batch.channel.rest("PATCH", where, purpose="write", body=body, allow=(422,)).status == 422:
            batch.channel.rest("PATCH", where, purpose="write", body=_rest_state(_bare(check), ()))
    batch.note(index, {"check_run": data["node_id"], "url": data.get("html_url")})


def _update(
    batch: Batch, index: int, run: str, check: CheckRun, pages: Sequence[Sequence[Annotation]]
) -> None:
    fixed = {"repositoryId": batch.repository.node_id, "checkRunId": run}
    for page in pages:
        batch.add(
            index,
            Mutation(field="updateCheckRun", input=fixed | _state(check, page)),
            lambda payload: _posted(batch, check, payload),
            lambda error: _shorter(batch, check, "updateCheckRun", fixed, error),
        )


def _shorter(
    batch: Batch, check: CheckRun, field: str, fixed: Mapping[str, Any], error: FieldError
) -> Mapping[str, Any]:
    """GitHub does not take the text: the conclusion goes out all the same, with little of it (attack case 75).

    Raises what the first error was when it was no matter of the text, or when the short one is refused too.
    """
    trouble = write_trouble(error, field)
    if not isinstance(trouble, Terminal):
        raise trouble
    bare = _bare(check)
    reply = batch.send([Mutation(field=field, input={**fixed, **_state(bare, ())})])
    payload = reply.data.get("m0")
    if payload is None or reply.error_of("m0") is not None:
        raise trouble
    return _posted(batch, bare, payload)


def _bare(check: CheckRun) -> CheckRun:
    """With the title, a piece of the summary, and no lines."""
    return replace(check, summary=cut(check.summary, SHORT, REFUSED), text="", annotations=())


def _renewable(batch: Batch, run: str, check: CheckRun) -> bool:
    stands = batch.channel.shared.known.check(run)
    return not stands.annotated and (check.status == "completed" or not stands.completed)


def _posted(batch: Batch, check: CheckRun, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    stands = KnownCheck(completed=check.status == "completed", annotated=bool(check.annotations))
    batch.channel.shared.known.remember_check(payload["checkRun"]["id"], stands)
    return {"check_run": payload["checkRun"]["id"], "url": payload["checkRun"]["url"]}


def _pages(annotations: Sequence[Annotation]) -> list[Sequence[Annotation]]:
    starts = range(0, max(len(annotations), 1), PER_REQUEST)
    return [annotations[start : start + PER_REQUEST] for start in starts]


def _state(check: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    """GraphQL's input. Raises Terminal for a finished run without a conclusion, which GitHub cannot show."""
    _must_conclude(check)
    output: dict[str, Any] = _output(check)
    state: dict[str, Any] = {"name": check.name, "status": check.status.upper(), "output": output}
    if annotations:
        output["annotations"] = [_annotation(each) for each in annotations]
        state["externalId"] = ANNOTATED
    if check.conclusion is not None:
        state["conclusion"] = check.conclusion.upper()
    if check.details_url:
        state["detailsUrl"] = check.details_url
    if check.actions:
        state["actions"] = _buttons(check)
    return state


def _rest_state(check: CheckRun, annotations: Sequence[Annotation]) -> dict[str, Any]:
    """REST's input, which has other names for the same."""
    _must_conclude(check)
    output: dict[str, Any] = _output(check)
    if annotations:
        output["annotations"] = [_rest_annotation(each) for each in annotations]
    state: dict[str, Any] = {"name": check.name, "status": check.status, "output": output}
    if check.conclusion is not None:
        state["conclusion"] = check.conclusion
    if check.details_url:
        state["details_url"] = check.details_url
    if check.actions:
        state["actions"] = _buttons(check)
    return state


def _buttons(check: CheckRun) -> list[dict[str, str]]:
    return [
        {"label": each.label, "description": each.description, "identifier": each.identifier}
        for each in check.actions
    ]


def _must_conclude(check: CheckRun) -> None:
    if (check.status == "completed") != (check.conclusion is not None):
        raise Terminal(f"check run {check.name!r} is {check.status} with conclusion {check.conclusion}")


def _output(check: CheckRun) -> dict[str, Any]:
    output = {"title": one_line(check.title, CHECK_TITLE), "summary": cut(check.summary, CHECK_TEXT)}
    if check.text:
        output["text"] = cut(check.text, CHECK_TEXT)
    return output


def _annotation(annotation: Annotation) -> dict[str, Any]:
    location = {"startLine": annotation.line, "endLine": annotation.line}
    if annotation.column is not None:
        location |= {"startColumn": annotation.column, "endColumn": annotation.column}
    given: dict[str, Any] = {
        "path": annotation.path,
        "annotationLevel": annotation.level.upper(),
        "location": location,
        "message": cut(annotation.message, 64_000),
    }
    if annotation.title:
        given["title"] = one_line(annotation.title, CHECK_TITLE)
    return given


def _rest_annotation(annotation: Annotation) -> dict[str, Any]:
    given: dict[str, Any] = {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": annotation.level,
        "message": cut(annotation.message, 64_000),
    }
    if annotation.column is not None:
        given |= {"start_column": annotation.column, "end_column": annotation.column}
    if annotation.title:
        given["title"] = one_line(annotation.title, CHECK_TITLE)
    return given
