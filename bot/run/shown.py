"""Answers to requests that no comment made: a check run on the default branch's head."""

from __future__ import annotations

from bot.decide import names
from bot.decide.text import code, truncate
from bot.model.action import CheckRun, CommentOnCommit
from bot.model.facts import Repository
from bot.run.acts import Cause, carry_out
from bot.run.house import House

_SHOWN = 60_000


def show_answer(
    house: House,
    cause: Cause,
    config: Repository,
    head_sha: str,
    environment: str | None,
    conclusion: str,
    answer: str,
) -> None:
    """Posts the answer. `conclusion`: success (opened or found), neutral (nothing to do, a dry run), failure (no)."""
    asked = f"Asked for by {code(cause.actor_login)}." if cause.actor_login else ""
    check = CheckRun(
        name=names.request_check(environment),
        head_sha=head_sha,
        status="completed",
        conclusion=conclusion,
        title=truncate(answer.split("\n", 1)[0], 250, "…"),
        summary=truncate(f"{answer}\n\n{asked}".strip(), _SHOWN, "\n\n… (shortened)"),
    )
    telling = CommentOnCommit(because=check.title, repository=config.full_name, check=check)
    carry_out(house, cause, config, [telling])
