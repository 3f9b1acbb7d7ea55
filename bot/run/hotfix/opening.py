"""A hotfix's pull request is open: on record once, so that every channel that pages somebody hears of it (row R7)."""

from __future__ import annotations

from bot.decide.environment import EnvironmentFacts
from bot.decide.hotfix.wording import oncall
from bot.model.release import Promotion
from bot.model.subject import Subject
from bot.run.house import House, is_news, note, whole


@whole
def opened(house: House, subject: Subject, facts: EnvironmentFacts, promotion: Promotion) -> None:
    """The ledger's row `hotfix_opened`, once a pull request; called before its record is renewed."""
    number, into = promotion.pull_number, facts.environment
    moves = ", ".join(f"{name} {tag.tag}" for name, tag in sorted(promotion.components.items()))
    if not is_news(house, subject, f"hotfix #{number}", "opened"):
        return
    note(
        house, subject, "hotfix_opened", "done", f"#{number}: hotfix of {moves} to {into.name}",
        pull_number=number, head_sha=promotion.head_sha,
        actor_id=promotion.requested_by_id, actor_login=promotion.requested_by_login,
        details={
            "environment": into.name, "components": sorted(promotion.components),
            "releases": list(promotion.release_ids), "role": into.hotfix.role or "",
            "oncall": [each.removeprefix("@") for each in oncall(into, facts.policy.roles)],
            "may_skip": list(into.hotfix.skip_gates), "confirm": into.hotfix.confirm,
        },
    )  # fmt: skip
