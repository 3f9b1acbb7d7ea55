"""Carries actions out, in order and in as few requests as GitHub allows; nothing is ever sent twice by itself.

Adjacent actions that need nothing of each other share one document. What cannot share one (a new commit, a merge) first
sends what waits, so that the order stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.adapters.github.batch import Batch
from bot.adapters.github.channel import Channel
from bot.adapters.github.writes_checks import commented_on_commit, set_check
from bot.adapters.github.writes_deployments import dispatch, mirror, review_deployment
from bot.adapters.github.writes_issues import comment_on_issue, open_issue, renew_issue
from bot.adapters.github.writes_merge import dequeue, enqueue, merge
from bot.adapters.github.writes_notes import put_note
from bot.adapters.github.writes_pulls import close_pull, delete_branch, edit_pull, open_pull, rewrite_pull
from bot.adapters.github.writes_releases import publish_release
from bot.adapters.github.writes_talk import add_labels, put_comment, react, remove_labels
from bot.errors import Terminal
from bot.model.action import (
    Action,
    AddLabels,
    ClosePull,
    CommentOnCommit,
    CommentOnIssue,
    DeleteBranch,
    DequeuePull,
    DispatchWorkflow,
    EditPull,
    EnqueuePull,
    MergePull,
    MirrorDeployment,
    OpenIssue,
    OpenPull,
    PublishRelease,
    PutComment,
    PutNote,
    React,
    Receipt,
    RemoveLabels,
    RenewIssue,
    ReviewDeployment,
    RewritePull,
    SetCheck,
)
from bot.model.facts import Repository

Carry = Callable[[Batch, int, Any], None]
_CARRY: Mapping[type[Action], Carry] = {
    OpenPull: open_pull,
    RewritePull: rewrite_pull,
    EditPull: edit_pull,
    ClosePull: close_pull,
    DeleteBranch: delete_branch,
    AddLabels: add_labels,
    RemoveLabels: remove_labels,
    SetCheck: set_check,
    PutComment: put_comment,
    React: react,
    MergePull: merge,
    EnqueuePull: enqueue,
    DequeuePull: dequeue,
    PutNote: put_note,
    CommentOnCommit: commented_on_commit,
    MirrorDeployment: mirror,
    DispatchWorkflow: dispatch,
    ReviewDeployment: review_deployment,
    PublishRelease: publish_release,
    OpenIssue: open_issue,
    RenewIssue: renew_issue,
    CommentOnIssue: comment_on_issue,
}


class Writer:
    """One call of `apply`."""

    def __init__(
        self,
        channel: Channel,
        repository: Repository,
        app_id: int,
        alone: Callable[[str], Channel] | None = None,
    ) -> None:
        self._batch = Batch(channel, repository, app_id, alone)

    def apply(self, actions: Sequence[Action]) -> tuple[Receipt, ...]:
        """Carries the actions out. Raises Retryable, Terminal or Stale at the first that fails."""
        for index, action in enumerate(actions):
            carry = _CARRY.get(type(action))
            if carry is None:
                raise Terminal(f"no way is known to carry out {type(action).__name__}")
            carry(self._batch, index, action)
        self._batch.flush()
        return tuple(
            Receipt(action=action, result=self._batch.results.get(index, {}))
            for index, action in enumerate(actions)
        )

    def done(self, actions: Sequence[Action]) -> tuple[Receipt, ...]:
        """Receipts of what GitHub confirmed, also after an error."""
        return tuple(
            Receipt(action=action, result=self._batch.results[index])
            for index, action in enumerate(actions)
            if index in self._batch.results
        )
