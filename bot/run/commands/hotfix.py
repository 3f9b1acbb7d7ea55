"""`/hotfix [environment]`, and the label `automation:hotfix`: what a promotion brings takes the short way (row R7)."""

from __future__ import annotations

from bot.decide import commands as grammar
from bot.decide import names
from bot.decide.hotfix import takes_hotfixes
from bot.decide.text import code
from bot.model.action import RemoveLabels
from bot.model.door import Door
from bot.model.facts import PullState
from bot.model.policy import Environment, Policy
from bot.model.ports_store import wake
from bot.model.release import Promotion, PromotionKind, Release, Request
from bot.model.subject import environment
from bot.run import hotfix as hotfixes
from bot.run.acts import carry_out
from bot.run.commands.asked import RULES_INVALID, Answer, Asked
from bot.run.gates.question import release_of
from bot.run.identity import app_of

ELSEWHERE = "Say `/hotfix` on a promotion of Lockstep's: what it brings is what becomes a hotfix."


def where(asked: Asked[grammar.Hotfix]) -> str | None:
    """The environment it goes to, if that is clear."""
    found = _meant(asked)
    return asked.look.environment if isinstance(found, str) else found.name


def hotfix(asked: Asked[grammar.Hotfix]) -> Answer:
    """Makes what the pull request brings a hotfix, on record first; the environment's look opens it and answers."""
    look, into = asked.look, _meant(asked)
    if isinstance(into, str):
        _without_label(asked)
        return into
    promotion = look.promotion
    releases = _releases(asked, promotion) if promotion else ()
    if promotion is None or not releases:
        _without_label(asked)
        return "None of its releases is on record, so nothing says which commit the fix is."
    for release in releases:
        hotfixes.make(
            look.house,
            look.subject,
            look.snapshot.repository.id,
            release,
            {name: tag for name, tag in promotion.components.items() if _brings(release, name, tag.digest)},
            by=asked.by,
            via=asked.door,
            delivery_id=asked.delivery_id,
        )
    _ask(asked, promotion, into)
    _without_label(asked)
    return None if asked.door is Door.COMMENT else f"What this brings goes to {code(into.name)} as a hotfix."


def refused(asked: Asked[grammar.Hotfix]) -> None:
    """Somebody set the label who may not: it is taken off, because it would say what is not so."""
    _without_label(asked)


def _ask(asked: Asked[grammar.Hotfix], promotion: Promotion, into: Environment) -> None:
    look = asked.look
    if asked.door is Door.COMMENT:
        request = Request(
            comment_id=asked.source_id,
            installation_id=look.subject.installation_id,
            config_repository_id=look.snapshot.repository.id,
            pull_number=look.snapshot.pull.number,
            environment=into.name,
            components=tuple(sorted(promotion.components)),
            actor_id=asked.by.id,
            actor_login=asked.by.login,
            asked_at=asked.at,
            delivery_id=asked.delivery_id,
            head_sha=look.snapshot.pull.head_sha,
            hotfix=True,
        )
        look.house.store.requests.ask(request)
    wake(look.house.store, environment(look.subject.installation_id, look.snapshot.repository.id, into.name))


def _releases(asked: Asked[grammar.Hotfix], promotion: Promotion) -> tuple[Release, ...]:
    look = asked.look
    source = look.policy.source(promotion.source) if look.policy else None
    repository = look.snapshot.repository.id
    app = app_of(look.house, look.subject.installation_id, repository, source) if source else None
    if app is None:
        return ()
    found = (release_of(look.house, app.id, each) for each in promotion.release_ids)
    return tuple(each for each in found if each is not None)


def _brings(release: Release, component: str, digest: str) -> bool:
    tag = release.components.get(component)
    return tag is not None and tag.digest == digest


def _meant(asked: Asked[grammar.Hotfix]) -> Environment | str:
    """Where it goes, or what is wrong with asking for it here."""
    look, command = asked.look, asked.command
    if look.policy is None:
        return RULES_INVALID
    promotion = look.promotion
    if promotion is None or not promotion.kind.goes_forward:
        return ELSEWHERE
    if command.environment is not None:
        return _named(look.policy, command.environment)
    is_open = look.snapshot.pull.state is PullState.OPEN
    if promotion.kind is PromotionKind.HOTFIX and is_open:
        return "It is a hotfix already."
    if promotion.kind is PromotionKind.HOTFIX:
        return _only(look.policy.hotfixes_after(promotion.environment), look.policy)
    here = look.policy.environment(promotion.environment)
    if is_open and here is not None and takes_hotfixes(here):
        return here
    return _only(tuple(each for each in look.policy.environments if each.hotfix.entrance), look.policy)


def _named(policy: Policy, name: str) -> Environment | str:
    found = policy.environment(name)
    if found is not None and takes_hotfixes(found):
        return found
    listed = ", ".join(code(each.name) for each in policy.environments if takes_hotfixes(each)) or "none does"
    what = "takes no hotfixes of their own" if found else "is not an environment"
    return f"{code(name)} {what} by {policy.path} (`hotfix.entrance`, `hotfix.from`); these take hotfixes: {listed}."


def _only(found: tuple[Environment, ...], policy: Policy) -> Environment | str:
    if len(found) == 1:
        return found[0]
    listed = ", ".join(code(each.name) for each in policy.environments if takes_hotfixes(each)) or "none"
    return f"Say where to: `/hotfix <environment>`; these take hotfixes: {listed}."


def _without_label(asked: Asked[grammar.Hotfix]) -> None:
    """The label belongs to the hotfix's own pull request; here it has been read."""
    look, seen = asked.look, asked.look.snapshot.pull
    kind = look.promotion.kind if look.promotion else None
    if asked.door is not Door.LABEL or kind is PromotionKind.HOTFIX or names.HOTFIX_LABEL not in seen.labels:
        return
    why = f"{asked.by.login} set it; a hotfix has a pull request of its own"
    label = RemoveLabels(because=why, number=seen.number, node_id=seen.node_id, labels=(names.HOTFIX_LABEL,))
    carry_out(look.house, asked.cause, look.snapshot.repository, [label])
