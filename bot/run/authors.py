"""Who wrote what is promoted: authors of the app repository's commits between what runs there and what comes (P3)."""

from __future__ import annotations

from bot.decide.content import Problem, images_now
from bot.decide.pull import PullFacts
from bot.model.facts import Actor, Repository, Unknown
from bot.model.policy import Environment
from bot.model.ports import GitHub
from bot.model.release import Promotion, PromotionKind, Release
from bot.model.snapshot import History
from bot.model.subject import Subject
from bot.run.alert_authors import bundle_authors
from bot.run.compared import compared
from bot.run.house import House
from bot.run.identity import app_of

MOST = 100
"""Commits that are looked at: GitHub's largest page."""


def source_authors(
    house: House,
    subject: Subject,
    github: GitHub,
    facts: PullFacts,
    promotion: Promotion,
    into: Environment,
) -> tuple[Actor, ...] | Unknown:
    """Their accounts; Unknown when the history cannot be read as far back as what runs there now.

    Where it is not known which commit runs there now, the newest `MOST` commits count. A commit whose author has no
    account is nobody's here.
    """
    policy = facts.policy
    if promotion.kind is PromotionKind.ROLLBACK:
        return ()  # it brings nobody's work: all of it ran there before, and on call nobody must be shut out for it
    if promotion.kind is PromotionKind.ALERTS:
        return bundle_authors(github, facts.snapshot, policy.alerts if policy else None, into.name)
    source = policy.source(promotion.source) if policy else None
    app = app_of(house, subject.installation_id, subject.repository, source) if source else None
    if app is None:
        return Unknown(
            why=f"the source {promotion.source} is not among the repositories of this installation"
        )
    there = images_now(into, tuple(promotion.components), facts.snapshot.base_files)
    if isinstance(there, Problem):
        return Unknown(why=there.message)
    before = [image.digest for image in there.values() if image.digest]
    after = [tag.digest for tag in promotion.components.values()]
    known = house.store.releases.by_digest(app.id, {*before, *after})
    newest = max((known[each] for each in after if each in known), key=lambda one: one.order, default=None)
    if newest is None:
        return Unknown(why="the release that brought it is not on record")
    oldest = min((known[each] for each in before if each in known), key=lambda one: one.order, default=None)
    if oldest is not None and oldest.order >= newest.order:
        oldest = None
    found = github.history(app.full_name, newest.head_sha, oldest.head_sha if oldest else None, MOST)
    if isinstance(found, Unknown):
        return found
    if oldest is not None and not found.complete:
        found = _since_they_parted(house, github, app, newest, oldest) or found
    if oldest is not None and not found.complete:
        return Unknown(
            why=f"more than {MOST} commits lie between what runs in {into.name} and this; promote in smaller steps"
        )
    return tuple(dict.fromkeys(commit.author for commit in found.commits if commit.author is not None))


def _since_they_parted(
    house: House, github: GitHub, app: Repository, newest: Release, oldest: Release
) -> History | None:
    """The history back to where the two parted, when what runs is no ancestor: a hotfix that came back as another
    commit. None when GitHub does not tell."""
    relation = compared(house, github, app.id, app.full_name, oldest.head_sha, newest.head_sha, house.clock())
    if isinstance(relation, Unknown) or relation.merge_base is None:
        return None
    found = github.history(app.full_name, newest.head_sha, relation.merge_base, MOST)
    return None if isinstance(found, Unknown) else found
