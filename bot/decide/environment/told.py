"""What a promotion's title, body and commit tell: the facts gathered for `decide.wording`."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide import names, wording
from bot.decide.content import Content, Problem, images_now
from bot.decide.environment.facts import EnvironmentFacts
from bot.decide.hotfix.wording import about
from bot.decide.takes import takes
from bot.decide.targets import Targets
from bot.decide.text import defang
from bot.model.holds import Hold
from bot.model.image import ImageAt
from bot.model.release import PromotionKind
from bot.model.snapshot import History


def telling_of(facts: EnvironmentFacts, targets: Targets, content: Content) -> wording.Telling:
    repository = facts.snapshot.repository
    asked = facts.requests[-1] if facts.requests else None
    who = wording.Asked(id=asked.actor_id, login=asked.actor_login) if asked else None
    record = facts.record
    if who is None and record is not None and record.requested_by_id is not None:
        who = wording.Asked(id=record.requested_by_id, login=record.requested_by_login or "")
    return wording.Telling(
        environment=facts.environment.name,
        comes_from=facts.environment.comes_from,
        base_sha=facts.snapshot.base_sha,
        config_url=f"{facts.web_url}/{repository.full_name}",
        source_url=f"{facts.web_url}/{facts.source.repository}",
        moves=content.moves,
        targets=targets,
        known=facts.known,
        history=facts.history,
        pipeline=_pipeline(facts),
        asked=who,
        notes=tuple(f"Left out: {why}." for why in targets.left_out.values()),
        verb="Hotfix" if facts.kind is PromotionKind.HOTFIX else "Promote",
        command="/hotfix" if facts.kind is PromotionKind.HOTFIX else "/promote",
        first=_about_hotfix(facts, targets) if facts.kind is PromotionKind.HOTFIX else "",
        takes=takes(facts.policy, facts.environment, repository.default_branch),
    )


def _about_hotfix(facts: EnvironmentFacts, targets: Targets) -> str:
    meant = {release.id for release in targets.releases}
    return about(
        facts.environment,
        facts.policy.roles,
        [each for each in facts.hotfixes if each.release_id in meant],
        facts.rivals,
        len(facts.history.commits) if isinstance(facts.history, History) else 0,
    )


def _pipeline(facts: EnvironmentFacts) -> tuple[tuple[str, Mapping[str, ImageAt]], ...]:
    found: list[tuple[str, Mapping[str, ImageAt]]] = []
    for environment in facts.policy.environments:
        images = images_now(environment, tuple(facts.source.components), facts.snapshot.files)
        found.append((environment.name, {} if isinstance(images, Problem) else images))
    return tuple(found)


def labels(facts: EnvironmentFacts) -> tuple[str, ...]:
    """Those that a pull request of this way carries."""
    kind = names.HOTFIX_LABEL if facts.kind is PromotionKind.HOTFIX else names.BUMP_LABEL
    return (kind, names.environment_label(facts.environment.name))


def nothing_to_do(facts: EnvironmentFacts, targets: Targets) -> str:
    environment = facts.environment
    if facts.kind is PromotionKind.HOTFIX:
        return _no_hotfix(facts, targets)
    if targets.left_out:
        return f"Nothing to promote to {environment.name}: " + "; ".join(targets.left_out.values()) + "."
    if environment.comes_from is None:
        return f"Nothing to promote to {environment.name}: it runs the newest accepted release of {facts.source.name}."
    if not targets.targets and not facts.requests and not environment.auto_promote:
        return f"{environment.name} waits for `/promote {environment.name}`."
    return f"Nothing to promote to {environment.name}: it already runs what {environment.comes_from} runs."


def _no_hotfix(facts: EnvironmentFacts, targets: Targets) -> str:
    name, before = facts.environment.name, facts.environment.comes_from
    if targets.left_out:
        why = "; ".join(targets.left_out.values())
    elif targets.targets:
        why = "it runs there already"
    else:
        why = (
            f"{before} runs none of {facts.source.name}"
            if before
            else f"{facts.source.name} has none that waits"
        )
    return f"No hotfix for {name}: {why}."


def kept(hold: Hold) -> str:
    """Why nothing is proposed for an environment that somebody keeps where it is."""
    why = f": {defang(hold.reason, 200)}" if hold.reason else ""
    return f"{hold.environment} is held by {hold.by.login}{why}; `/unhold {hold.environment}` lets it go."
