"""The merge, with the head that was judged (attack case 76), or the way through a merge queue.

https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest
"""

from __future__ import annotations

from bot.adapters.github.batch import Batch, Result
from bot.adapters.github.errors import message_of
from bot.adapters.github.graphql import FieldError, write_trouble
from bot.adapters.github.mutations import Mutation
from bot.adapters.github.text import TITLE, one_line
from bot.errors import Stale
from bot.model.action import DequeuePull, EnqueuePull, MergePull


def merge(batch: Batch, index: int, action: MergePull) -> None:
    """Merges, or notes GitHub's refusal as `refused`. Raises Stale when head or base moved or the pull request went."""
    batch.flush()
    body = {"sha": action.expected_head, "merge_method": action.method}
    if action.method != "rebase":
        body |= {"commit_title": one_line(action.title, TITLE), "commit_message": action.message}
    path = f"/repos/{batch.repository.full_name}/pulls/{action.number}/merge"
    answer = batch.channel.rest("PUT", path, purpose="merge", body=body, allow=(404, 405, 409, 422))
    if answer.status < 300:
        batch.note(index, {"merged": True, "merge_sha": answer.data["sha"]})
        return
    said = message_of(answer.data)
    what = f"pull request {action.number} of {batch.repository.full_name}"
    if answer.status == 404:
        raise Stale(f"{what} is gone: {said}")
    if answer.status == 409:
        raise Stale(f"head moved: {what} is no longer at {action.expected_head}: {said}")
    if "base branch was modified" in said.lower():
        raise Stale(f"base moved: {what} was not merged: {said}")
    batch.note(index, {"merged": False, "refused": said})


def enqueue(batch: Batch, index: int, action: EnqueuePull) -> None:
    """Puts it into the merge queue, or notes GitHub's refusal as `refused`; one that is in there already is fine.

    Raises Stale when the head moved or the pull request went."""

    def failed(error: FieldError) -> Result:
        words = error.message.lower()
        if "already" in words and "queue" in words:
            return {"enqueued": True}
        if "head branch was modified" in words:
            raise Stale(
                f"head moved: #{action.number} is no longer at {action.expected_head}: {error.message}"
            )
        return _refused(error, "enqueuePullRequest")

    given = {"pullRequestId": action.node_id, "expectedHeadOid": action.expected_head}
    mutation = Mutation(field="enqueuePullRequest", input=given)
    batch.flush()
    batch.add(index, mutation, lambda _payload: {"enqueued": True}, failed)
    batch.flush()


def dequeue(batch: Batch, index: int, action: DequeuePull) -> None:
    """Takes it out of the merge queue; `refused` when it is not in there any more. The check runs before it are sent
    first: they alone keep the queue from merging."""
    mutation = Mutation(field="dequeuePullRequest", input={"id": action.node_id})
    batch.flush()
    batch.add(
        index,
        mutation,
        lambda _payload: {"dequeued": True},
        lambda error: _refused(error, "dequeuePullRequest"),
    )


def _refused(error: FieldError, field: str) -> Result:
    """What another one's change or GitHub's own trouble explains is raised; the rest is an answer."""
    if error.is_passing or error.type in ("STALE_DATA", "NOT_FOUND"):
        raise write_trouble(error, field)
    return {"refused": error.message}
