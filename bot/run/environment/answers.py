"""One answer for each request, where it was asked."""

from __future__ import annotations

from collections.abc import Sequence

from bot.decide import names
from bot.model.door import Door
from bot.model.ports import GitHub
from bot.model.release import Request
from bot.model.snapshot import EnvironmentSnapshot
from bot.model.subject import Subject
from bot.run.acts import Cause
from bot.run.answering import answered
from bot.run.ask import served
from bot.run.house import House, is_news, note
from bot.run.shown import show_answer


def answer_all(
    house: House,
    subject: Subject,
    github: GitHub,
    snapshot: EnvironmentSnapshot,
    requests: Sequence[Request],
    answer: str,
    sources: Sequence[str] = (),
) -> None:
    """One answer for each request, where it was asked."""
    for request in requests:
        by = {"actor_id": request.actor_id, "actor_login": request.actor_login}
        cause = Cause(
            subject=subject,
            delivery_id=request.delivery_id,
            actor_id=request.actor_id,
            actor_login=request.actor_login,
        )
        with house.store.together():
            if is_news(house, subject, f"answer to {request.comment_id}", answer):
                decision = "done" if served(house, request, sources) else "refused"
                note(
                    house, subject, "promote", decision, answer, delivery_id=request.delivery_id, **by,
                    pull_number=request.pull_number or None, head_sha=request.head_sha,
                    details={"door": request.via.value, "environment": request.environment},
                )  # fmt: skip
        if request.via is Door.COMMENT:
            answered(
                house,
                cause,
                github,
                request.config_repository_id,
                request.pull_number,
                names.answer_marker(request.comment_id, request.environment),
                answer,
                because=f"answers `{'/hotfix' if request.hotfix else '/promote'}` of {request.actor_login}",
            )
        elif request.via is Door.DISPATCH:
            conclusion = "success" if served(house, request, sources) else "neutral"
            show_answer(
                house, cause, snapshot.repository, snapshot.base_sha, request.environment, conclusion, answer
            )
        house.store.requests.answered(request.comment_id, request.environment, answer, house.clock())
