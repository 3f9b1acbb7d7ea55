"""Into the merge queue and out of it.

https://docs.github.com/graphql/reference/mutations#enqueuepullrequest
"""

from __future__ import annotations

from typing import Any

from bot.sandbox import actions
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.mutations import Input, mutation, refuse_inputs
from bot.sandbox.state import Pull


@mutation("enqueuePullRequest")
def enqueue_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Put it at the end of the queue; `expectedHeadOid` keeps a commit that nobody looked at from being merged."""
    refuse_inputs(asked, "enqueuePullRequest", "jump")
    pull: Pull = context.expect(asked["pullRequestId"], Pull)
    entry = actions.enqueue(context.world, context.actor, pull, asked.get("expectedHeadOid"))
    return {"mergeQueueEntry": entry}


@mutation("dequeuePullRequest")
def dequeue_pull_request(context: Context, asked: Input) -> dict[str, Any]:
    """Take it out; `id` is the pull request's."""
    pull: Pull = context.expect(asked["id"], Pull)
    return {"mergeQueueEntry": actions.dequeue(context.world, context.actor, pull)}
