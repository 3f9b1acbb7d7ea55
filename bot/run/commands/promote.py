"""`/promote [environment] [component…]`: put on record, and answered by the environment's look."""

from __future__ import annotations

from dataclasses import dataclass

from bot.decide import commands as grammar
from bot.decide.text import code
from bot.model.policy import Policy
from bot.model.ports_store import wake
from bot.model.release import Promotion, Request
from bot.model.subject import environment
from bot.run.commands.asked import RULES_INVALID, Answer, Asked
from bot.run.wanted import promotable, strange, unknown_component


def where(asked: Asked[grammar.Promote]) -> str | None:
    """The environment it goes to, if that is clear."""
    wanted = _destination(asked)
    return None if isinstance(wanted, str) else wanted.environment


def promote(asked: Asked[grammar.Promote]) -> Answer:
    """Wakes the environment, or says what is wrong with the request."""
    look, wanted = asked.look, _destination(asked)
    if isinstance(wanted, str):
        return wanted
    request = Request(
        comment_id=asked.source_id,
        installation_id=look.subject.installation_id,
        config_repository_id=look.snapshot.repository.id,
        pull_number=look.snapshot.pull.number,
        environment=wanted.environment,
        components=wanted.components,
        actor_id=asked.by.id,
        actor_login=asked.by.login,
        asked_at=asked.at,
        delivery_id=asked.delivery_id,
        head_sha=look.snapshot.pull.head_sha,
    )
    look.house.store.requests.ask(request)
    wake(
        look.house.store,
        environment(look.subject.installation_id, look.snapshot.repository.id, wanted.environment),
    )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Destination:
    environment: str
    components: tuple[str, ...]


def _destination(asked: Asked[grammar.Promote]) -> _Destination | str:
    policy = asked.look.policy
    return RULES_INVALID if policy is None else _meant(policy, asked.look.promotion, asked.command)


def _meant(policy: Policy, promotion: Promotion | None, command: grammar.Promote) -> _Destination | str:
    """The first word may be left out on a promotion pull request: then it is what follows that environment."""
    environments = [each.name for each in policy.environments]
    name, components = command.target(set(environments))
    unknown = unknown_component(policy, components)
    if unknown is not None:
        known = [*environments, *promotable(policy)]
        return strange(unknown, "an environment or a component", policy, known)
    if name is None:
        following = policy.after(promotion.environment) if promotion else ()
        if len(following) != 1:
            listed = ", ".join(code(each) for each in environments)
            return f"Say where to: `/promote <environment>`, one of {listed}."
        name = following[0].name
    return _Destination(environment=name, components=components)
