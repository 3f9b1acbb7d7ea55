"""The merge, with the head that was judged (attack case 76).

https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
"""

from __future__ import annotations

from bot.adapters.github.batch import Batch
from bot.adapters.github.errors import message_of
from bot.adapters.github.text import TITLE, one_line
from bot.errors import Stale
from bot.model.action import MergePull


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
