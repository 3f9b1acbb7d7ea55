"""One answer to what somebody asked in a comment, on the pull request where it was asked."""

from __future__ import annotations

from bot.model.action import PutComment
from bot.model.ports import GitHub
from bot.run.acts import Cause, carry_out
from bot.run.house import House


def answered(
    house: House,
    cause: Cause,
    github: GitHub,
    repository_id: int,
    number: int,
    marker: str,
    answer: str,
    *,
    because: str,
) -> None:
    """Writes the comment that carries `marker`, or renews it; addresses the person of `cause`. A pull request that is
    gone needs no answer."""
    asked_on = github.pull(repository_id, number, files=())
    if asked_on is None:
        return
    there = next((each for each in asked_on.comments if marker in each.body), None)
    comment = PutComment(
        because=because,
        number=number,
        node_id=asked_on.pull.node_id,
        marker=marker,
        body=f"{marker}\n@{cause.actor_login} {answer}",
        existing=there.node_id if there else None,
    )
    carry_out(house, cause, asked_on.repository, [comment])
