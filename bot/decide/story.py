"""The one edited comment on a promotion pull request that tells what happened to it, a line each, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide.names import STORY_MARKER
from bot.model.action import PutComment
from bot.model.facts import Comment, Pull

HEAD = "**What happened to this promotion**"
LIMIT = 100
"""Lines kept; older ones give way."""


def told(
    pull: Pull, comments: Sequence[Comment], lines: Sequence[str], because: str
) -> tuple[PutComment, ...]:
    """The comment with `lines` added; nothing when all of them are told already, so that running twice is quiet."""
    existing = next((comment for comment in comments if STORY_MARKER in comment.body), None)
    before = _lines(existing.body) if existing else []
    fresh = [line for line in lines if line not in before]
    if not fresh:
        return ()
    rows = [f"- {line}" for line in (before + fresh)[-LIMIT:]]
    return (
        PutComment(
            because=because,
            number=pull.number,
            node_id=pull.node_id,
            marker=STORY_MARKER,
            body="\n".join([STORY_MARKER, HEAD, "", *rows]),
            existing=existing.node_id if existing else None,
        ),
    )


def _lines(body: str) -> list[str]:
    return [line[2:] for line in body.splitlines() if line.startswith("- ")]
