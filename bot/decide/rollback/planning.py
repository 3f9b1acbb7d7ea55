"""What to go back to, and the exact bytes: undone is what the bump changed, where it still stands (row R6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from bot.decide.content import Content, Problem, content_of, images_now
from bot.decide.rollback import wording
from bot.decide.rollback.choosing import undone
from bot.decide.rollback.facts import Bump, Plan, Refused, RollbackFacts
from bot.decide.text import code
from bot.model.image import ComponentTag, Image, ImageAt, short_digest
from bot.model.policy import Source
from bot.model.release import Promotion
from bot.model.rollback import LANDED

_COMMIT = re.compile(r"[0-9a-fA-F]{7,64}", re.ASCII)
SHOWN = 5
"""Releases that are offered when the named one is not known."""


def plan(facts: RollbackFacts, bump: Bump) -> Plan | Refused:
    """The rollback of `bump`, or why nothing is done.

    A component that was bumped again since is left out by name. An automatic rollback goes exactly one step back; a
    person's goes to the last good release: never one that is vetoed, or was itself rolled back (attack case 88).
    """
    source = facts.policy.source(bump.promotion.source)
    if source is None:
        return Refused(code="no_target", why=f"The rules no longer list the source {bump.promotion.source}.")
    asked = facts.record.ask.components or tuple(sorted(bump.promotion.components))
    now = images_now(facts.environment, asked, facts.snapshot.files)
    if isinstance(now, Problem):
        return Refused(code="unreadable", why=now.message)
    goals: dict[str, ComponentTag] = {}
    left_out: dict[str, str] = {}
    for name in asked:
        goal = _goal(facts, bump, source, name, now.get(name))
        if isinstance(goal, str):
            left_out[name] = goal
        else:
            goals[name] = goal
    content = _content(facts, bump, source, goals, left_out)
    if isinstance(content, Problem):
        return Refused(code="unreadable", why=content.message)
    if not goals or not content.files:
        why = "; ".join(left_out.values()) or f"{facts.environment.name} runs it already"
        return Refused(code=_code(left_out, bool(goals)), why=f"Nothing is rolled back: {why}.")
    return _planned(facts, bump, content, now, goals, left_out)


def _code(left_out: Mapping[str, str], reached: bool) -> str:
    if reached:
        return "done_before"
    return "conflict" if all(" since #" in why for why in left_out.values()) else "no_target"


def _goal(
    facts: RollbackFacts, bump: Bump, source: Source, name: str, now: ImageAt | None
) -> ComponentTag | str:
    """Where the component goes back to, or why it stays."""
    ask, written = facts.record.ask, bump.promotion.components.get(name)
    where, gone = facts.environment.name, undone(facts, bump.promotion)
    if name not in source.components:
        return f"{name} does not come from {source.name}, as #{bump.promotion.pull_number} does"
    if now is None or now.digest is None:
        return f"{name} has no digest in {where} now"
    if ask.to is not None:
        return _named(facts, bump, name, ask.to)
    if written is None:
        return f"{name} was not moved by #{bump.promotion.pull_number}{_moved_by(facts, name)}"
    if name in gone:
        return f"{name} was rolled back already by #{gone[name]}"
    if now.digest != written.digest:
        moved = _moved_last(facts, name)
        how = (
            f"rolled back by #{moved.pull_number}"
            if moved and not moved.kind.goes_forward
            else "bumped again"
        )
        return f"{name} was {how} since #{bump.promotion.pull_number}: it runs {now.tag or now.digest} now"
    rolled_back = {
        tag.digest
        for each in facts.rollbacks
        if each.state in LANDED
        for component, tag in each.before.items()
        if component == name
    }
    vetoed = {each.digest for each in facts.vetoes if each.component == name}
    bad = vetoed | rolled_back | facts.unproven.get(name, frozenset())
    # Git's word on what stood before is no help where a person's commit came on top of ours: it is what stands now.
    ran = [each for each in _ran_before(facts, bump, name) if each.digest != now.digest]
    for candidate in ran[:1] if ask.automatic else ran:
        if candidate.digest not in bad:
            return candidate
    if ran and ask.automatic:
        why = "was never proven there, was itself rolled back or is vetoed"
        return f"what {where} ran of {name} before ({ran[0].tag}) {why}"
    other = "; name one that ran there with `to:`" if ran else ""
    return f"no good release of {name} before {written.tag} is on record in {where}{other}"


def _moved_last(facts: RollbackFacts, name: str) -> Promotion | None:
    return next((each for each in facts.landed if name in each.components), None)


def _moved_by(facts: RollbackFacts, name: str) -> str:
    """Where to say it instead."""
    last = next((each for each in facts.landed if name in each.components and each.kind.goes_forward), None)
    return f", but by #{last.pull_number}: say it there" if last else ""


def _ran_before(facts: RollbackFacts, bump: Bump, name: str) -> Iterator[ComponentTag]:
    """What the environment ran of a component before the bump, newest first: by Git, then by the record."""
    before = bump.before.get(name)
    if before is not None and before.digest is not None and before.tag is not None:
        yield _tag(facts, name, before.tag, before.digest)
    older = False
    for each in facts.landed:
        if older and name in each.components and each.kind.goes_forward:
            yield each.components[name]
        older = older or each.pull_number == bump.promotion.pull_number


def _named(facts: RollbackFacts, bump: Bump, name: str, to: str) -> ComponentTag | str:
    """The named release, if this environment has run it before (attack case 42: only to a recorded digest)."""
    recorded = [each.components[name] for each in facts.landed if name in each.components]
    known = {tag.digest: tag for tag in [*_ran_before(facts, bump, name), *recorded]}
    meant = _meant(facts, name, to, known.values())
    if len(meant) > 1:
        several = ", ".join(f"{code(tag.tag)} {code(tag.digest)}" for tag in meant[:SHOWN])
        return f"several releases of {name} are called {code(to)}: name one by its digest: {several}"
    found = meant[0] if meant else None
    if found is None:
        offered = ", ".join(dict.fromkeys(code(tag.tag) for tag in list(known.values())[:SHOWN])) or "none"
        return f"{facts.environment.name} never ran {name} {code(to)} as far as the record goes; it ran {offered}"
    if any((each.component, each.digest) == (name, found.digest) for each in facts.vetoes):
        return f"{name} {found.tag} is vetoed; `/veto lift {name} reason: <words>` lets it go"
    return found


def _meant(facts: RollbackFacts, name: str, to: str, known: Iterable[ComponentTag]) -> list[ComponentTag]:
    """What a person calls so: by tag, by digest (whole or as it is shown), by the promotion that brought it (`#12`), or
    by its commit."""
    if to.startswith("#"):
        brought = (each for each in facts.landed if f"#{each.pull_number}" == to and name in each.components)
        return [each.components[name] for each in brought][:1]
    ran = list(known)
    exact = [tag for tag in ran if to in (tag.tag, tag.digest, short_digest(tag.digest))]
    if exact or not _COMMIT.fullmatch(to):
        return exact
    sha = to.lower()
    return [tag for tag in ran if tag.sha and (tag.sha.startswith(sha) or sha.startswith(tag.sha))]


def _tag(facts: RollbackFacts, name: str, tag: str, digest: str) -> ComponentTag:
    release = facts.known.get(digest)
    known = release.components.get(name) if release else None
    return ComponentTag(tag=tag, sha=known.sha if known else "", digest=digest)


def _content(
    facts: RollbackFacts,
    bump: Bump,
    source: Source,
    goals: dict[str, ComponentTag],
    left_out: dict[str, str],
) -> Content | Problem:
    """The files as they must be. A component that stands in several files must stand in all of them as the bump left
    it; one that does not is moved from `goals` to `left_out`."""
    while True:
        images = {
            name: Image(repository=source.components[name], tag=tag.tag, digest=tag.digest)
            for name, tag in goals.items()
        }
        content = content_of(facts.environment, images, facts.snapshot.files)
        if isinstance(content, Problem) or facts.record.ask.to is not None:
            return content
        written = bump.promotion.components
        changed = next(
            (move for move in content.moves if move.before.digest != written[move.component].digest), None
        )
        if changed is None:
            return content
        number = bump.promotion.pull_number
        left_out[changed.component] = (
            f"{changed.component} was bumped again since #{number} in {changed.file}"
        )
        del goals[changed.component]


def _planned(
    facts: RollbackFacts,
    bump: Bump,
    content: Content,
    now: Mapping[str, ImageAt],
    goals: Mapping[str, ComponentTag],
    left_out: Mapping[str, str],
) -> Plan:
    moved = {move.component for move in content.moves}
    after = {name: tag for name, tag in goals.items() if name in moved}
    before = {name: _tag(facts, name, now[name].tag or "", now[name].digest or "") for name in after}
    releases = [facts.known[tag.digest].id for tag in after.values() if tag.digest in facts.known]
    telling = wording.Telling(
        environment=facts.environment.name,
        record=facts.record,
        undoes=bump.promotion.pull_number,
        merge_sha=bump.merge_sha,
        config_url=f"{facts.web_url}/{facts.snapshot.repository.full_name}",
        moves=content.moves,
        left_out=left_out,
        release_ids=tuple(dict.fromkeys(releases)),
    )
    return Plan(
        bump=bump,
        content=content,
        before=before,
        after=after,
        left_out=left_out,
        release_ids=telling.release_ids,
        title=wording.title(telling),
        message=wording.commit_message(telling),
        body=wording.body(telling),
    )
