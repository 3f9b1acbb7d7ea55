"""What an environment should run next: what is asked for, what is held while under review, never a step back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.decide.content import Problem, content_of, images_now
from bot.decide.environment.facts import EnvironmentFacts, branch_of
from bot.decide.rollback.vetoing import vetoed
from bot.decide.targets import Targets, from_environment, from_releases, going_back
from bot.model.facts import Pull
from bot.model.image import ComponentTag, Image, ImageAt
from bot.model.policy import Concurrency
from bot.model.release import PromotionKind, Release


def wanted(facts: EnvironmentFacts) -> Targets | Problem:
    """What the environment should run, before asking whether that differs from what it runs now."""
    environment = facts.environment
    if environment.comes_from is None:
        found: Targets | Problem = from_releases(facts.source, facts.pending)
    else:
        before = facts.policy.environment(environment.comes_from)
        if before is None:
            return Problem(message=f"{environment.comes_from} is not an environment of {facts.policy.path}.")
        found = from_environment(facts.source, before, facts.snapshot.files, facts.known)
    if isinstance(found, Problem):
        return found
    apart = facts.kind is PromotionKind.HOTFIX
    found = _hotfixed(facts, found) if apart else _behind_a_hotfix(facts, found)
    now = images_now(environment, tuple(facts.source.components), facts.snapshot.files)
    if isinstance(now, Problem):
        return now
    return _without_vetoed(
        facts, _without_backward_steps(_selected(facts, found, now), now, facts.known), now
    )


def _hotfixed(facts: EnvironmentFacts, found: Targets) -> Targets:
    """Only what counts as a hotfix travels by its way: exactly the digests that were declared."""
    meant = {(name, tag.digest) for each in facts.hotfixes for name, tag in each.components.items()}
    return found.only(name for name, tag in found.tags.items() if (name, tag.digest) in meant)


def _behind_a_hotfix(facts: EnvironmentFacts, found: Targets) -> Targets:
    """While a hotfix of a component is open, nothing else of it is proposed beside it; what is open already waits."""
    open_already = facts.record.components if facts.record else {}
    waiting = {
        name: f"#{facts.rivals[name]} brings a hotfix of {name} to {facts.environment.name} first"
        for name in found.targets
        if name in facts.rivals and name not in open_already
    }
    kept = {name: target for name, target in found.targets.items() if name not in waiting}
    return Targets(targets=kept, left_out={**found.left_out, **waiting})


def moving(facts: EnvironmentFacts, targets: Targets) -> Targets:
    """Those that the environment does not run by its values files: what a pull request changes, and is recorded to."""
    now = images_now(facts.environment, tuple(targets.targets), facts.snapshot.files)
    if isinstance(now, Problem):
        return targets
    return targets.without(set(targets.targets) - set(_moving(targets, now)))


def _moving(targets: Targets, now: Mapping[str, ImageAt]) -> Mapping[str, ComponentTag]:
    return {
        name: tag
        for name, tag in targets.tags.items()
        if name not in now or (now[name].digest, now[name].tag) != (tag.digest, tag.tag)
    }


def _without_vetoed(facts: EnvironmentFacts, targets: Targets, now: Mapping[str, ImageAt]) -> Targets:
    """What was rolled back stays out, whoever offers it; where it runs already there is nothing to offer (case 87)."""
    held_out = vetoed(_moving(targets, now), facts.vetoes)
    kept = {name: target for name, target in targets.targets.items() if name not in held_out}
    return Targets(targets=kept, left_out={**targets.left_out, **held_out}, vetoed=held_out)


def _selected(facts: EnvironmentFacts, found: Targets, now: Mapping[str, ImageAt]) -> Targets:
    """Narrows to the components that somebody or the rules ask for, and forgets remarks that change nothing."""
    chosen: set[str] = set()
    if facts.record is not None:
        chosen |= set(facts.record.scope) | set(facts.record.components)
    if facts.environment.comes_from is None or (
        facts.environment.auto_promote and not _declined(facts, _moving(found, now))
    ):
        chosen |= set(facts.source.components)
    for request in facts.requests:
        chosen |= set(request.components or facts.source.components)
    picked = found.only(chosen)
    running = {name: image.digest for name, image in now.items()}
    left_out = {name: why for name, why in picked.left_out.items() if not _same(facts, name, running)}
    return Targets(targets=picked.targets, left_out=left_out)


def _same(facts: EnvironmentFacts, name: str, running: Mapping[str, str | None]) -> bool:
    """Whether a component that is left out would not move anyway."""
    before = facts.policy.environment(facts.environment.comes_from or "")
    if before is None:
        return False
    there = images_now(before, (name,), facts.snapshot.files)
    return not isinstance(there, Problem) and name in there and there[name].digest == running.get(name)


def _declined(facts: EnvironmentFacts, offered: Mapping[str, ComponentTag]) -> bool:
    """Whether a person closed a pull request of all that would move."""
    return facts.declined is not None and all(
        facts.declined.components.get(name) == tag for name, tag in offered.items()
    )


def _without_backward_steps(
    targets: Targets, now: Mapping[str, ImageAt], known: Mapping[str, Release]
) -> Targets:
    backwards = going_back(targets, {name: image.digest for name, image in now.items()}, known)
    kept = {name: target for name, target in targets.targets.items() if name not in backwards}
    return Targets(targets=kept, left_out={**targets.left_out, **backwards})


def under_review(facts: EnvironmentFacts, pull: Pull | None) -> Targets | None:
    """What an open pull request of a pinned environment holds, and keeps."""
    record = facts.record
    if pull is None or record is None or facts.environment.concurrency is not Concurrency.PINNED:
        return None
    return _recorded(facts, record.components)


def _recorded(facts: EnvironmentFacts, components: Mapping[str, ComponentTag]) -> Targets | None:
    releases = [facts.known[tag.digest] for tag in components.values() if tag.digest in facts.known]
    found = from_releases(facts.source, tuple(releases))
    held = {
        name: replace(
            target,
            tag=components[name],
            image=Image(
                repository=target.image.repository, tag=components[name].tag, digest=components[name].digest
            ),
            release=facts.known.get(components[name].digest, target.release),
        )
        for name, target in found.targets.items()
        if name in components
    }
    return Targets(targets=held, left_out={}) if len(held) == len(components) else None


def commits_between(facts: EnvironmentFacts) -> tuple[str, str | None] | None:
    """The app repository's commits that the pull request should list: the newest one, and the one before the oldest.

    None when there is nothing to list, so that nobody asks GitHub for it.
    """
    targets = wanted(facts)
    if isinstance(targets, Problem) or not targets.targets:
        return None
    held = moving(facts, under_review(facts, facts.snapshot.pulls.get(branch_of(facts))) or targets)
    content = content_of(facts.environment, held.images, facts.snapshot.files)
    if isinstance(content, Problem) or not content.moves:
        return None
    digests = [move.before.digest or "" for move in content.moves]
    before = [facts.known[digest] for digest in digests if digest in facts.known]
    oldest = min(before, key=lambda release: release.order, default=None)
    return held.releases[0].head_sha, oldest.head_sha if oldest else None
