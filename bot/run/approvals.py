"""What people said about a promotion, and what is known of them: read once, for `decide_pull` to judge (rows P3, B1).

Of people only those are asked about who said something, so a pull request without reviews costs no request more. What
cannot be read is unknown: it denies, and the subject is looked at again soon (attack case 60).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.decide.codeowners import CODEOWNERS_PATHS
from bot.decide.pull import PullFacts
from bot.decide.pull.approving import asks
from bot.model.approval_facts import (
    ApprovalFacts,
    ApproveComment,
    Cancellation,
    Contributors,
    Membership,
    Permissions,
    PullAt,
    ReviewState,
)
from bot.model.delivery import StoredDelivery
from bot.model.facts import Actor, Unknown
from bot.model.policy import Environment, Policy
from bot.model.ports import GitHub
from bot.model.release import Promotion
from bot.model.snapshot import PullSnapshot
from bot.model.subject import Subject
from bot.run import owners
from bot.run.authors import source_authors
from bot.run.house import House
from bot.run.people import members_of, permissions_of


def files_for(policy: Policy | None, promotion: Promotion | None) -> tuple[str, ...]:
    """The files that ride along with a pull request: CODEOWNERS, and for a promotion the environment's values files,
    which tell what it moves from, and the public keys that the rules name."""
    into = policy.environment(promotion.environment) if policy and promotion else None
    values = (*(each.file for each in into.values), *_key_files(into)) if into else ()
    return (*CODEOWNERS_PATHS, *values)


def _key_files(into: Environment) -> tuple[str, ...]:
    """Public keys that the rules name; they count as they stand on the base branch."""
    gate = into.gates.image
    wanted = (gate.signature, gate.provenance) if gate else ()
    return tuple(each.key_file for each in wanted if each and each.key_file)


def read(house: House, subject: Subject, github: GitHub, facts: PullFacts, into: Environment) -> PullFacts:
    """The facts with everybody's voice, where somebody's approval may be demanded."""
    promotion, policy = facts.promotion, facts.policy
    if promotion is None or policy is None or not asks(into):
        return facts
    snapshot = facts.snapshot
    where = (snapshot.repository.id, snapshot.pull.number)
    comments, cancellations = _words(house, snapshot)
    people = people_of(snapshot, comments)
    demand = owners.demand(snapshot)
    roles = [policy.roles[each.role] for each in into.approvals if each.role in policy.roles]
    teams = {team for role in roles for team in role.teams} | set(demand.teams)
    members = github.team_members(teams) if people and teams else {}
    voices = ApprovalFacts(
        at=PullAt(
            repository_id=where[0],
            pull=where[1],
            base_ref=snapshot.pull.base_ref,
            head_sha=snapshot.pull.head_sha,
            environment=into.name,
        ),
        reviews=snapshot.reviews,
        comments=comments,
        cancellations=cancellations,
        records=house.store.approvals.records(*where),
        membership=members_of(people, members) if people else Membership(),
        permissions=permissions_of(github, snapshot.repository, people) if people else Permissions(),
        contributors=replace(
            contributors(snapshot, promotion),
            source_authors=source_authors(house, subject, github, facts, promotion, into) if people else (),
        ),
        changed_at=changed_at(house, snapshot),
    )
    looked_up = people != ()
    found = owners.required(house, github, snapshot, demand, members, look_up=looked_up)
    return replace(facts, snapshot=_with_files(github, snapshot, people), voices=voices, owners=found)


def retargeted(
    house: House, repository_id: int, number: int, deliveries: Sequence[StoredDelivery], *, away: bool
) -> None:
    """Keeps when the base last changed: what was said before that was about something else (attack case 48).

    `away`: it is not for the default branch now, so whatever is said until it comes back is about something else.
    """
    times = [each.received_at for each in deliveries if _changes_base(each)]
    times += [house.clock()] if away else []
    if times:
        house.store.marks.put(_base_key(repository_id, number), max(times).isoformat())


def changed_at(house: House, snapshot: PullSnapshot) -> datetime:
    """When the head or the base last changed.

    Only heads that Lockstep wrote are ever merged, and GitHub dates the commits that are made through it, so a commit's
    time is that of the change; dates of other people's commits prove nothing, and nothing rests on them.
    """
    times = [snapshot.pull.created_at]
    times += [snapshot.head.committed_at] if snapshot.head.committed_at else []
    mark = house.store.marks.get(_base_key(snapshot.repository.id, snapshot.pull.number))
    times += [datetime.fromisoformat(str(mark))] if mark else []
    return max(times)


def _base_key(repository_id: int, number: int) -> str:
    return f"base changed:{repository_id}:{number}"


def _changes_base(delivery: StoredDelivery) -> bool:
    if (delivery.event, delivery.action) != ("pull_request", "edited"):
        return False
    changes = json.loads(delivery.payload).get("changes")
    return isinstance(changes, dict) and "base" in changes


def _words(
    house: House, snapshot: PullSnapshot
) -> tuple[tuple[ApproveComment, ...], tuple[Cancellation, ...]]:
    """What was said with commands, and whether GitHub still shows the comment as it was written (attack case 64)."""
    there = {comment.id: comment for comment in snapshot.said}
    approvals: list[ApproveComment] = []
    cancellations: list[Cancellation] = []
    for word in house.store.approvals.comments(snapshot.repository.id, snapshot.pull.number):
        if isinstance(word, Cancellation):
            cancellations.append(word)
            continue
        now = there.get(word.comment_id)
        editor = now.editor if now is not None and now.edited else None
        approvals.append(replace(word, deleted=now is None, edited_by=editor))
    return tuple(approvals), tuple(cancellations)


def people_of(snapshot: PullSnapshot, comments: Iterable[ApproveComment]) -> tuple[Actor, ...]:
    """Everybody whose voice may matter: who approved, or holds it; bots and deleted accounts never do."""
    matters = (ReviewState.APPROVED, ReviewState.CHANGES_REQUESTED)
    reviews = () if isinstance(snapshot.reviews, Unknown) else snapshot.reviews
    found = {review.author.id: review.author for review in reviews if review.state in matters}
    found |= {comment.author.id: comment.author for comment in comments}
    return tuple(person for person in found.values() if person.id and not person.is_bot)


def contributors(snapshot: PullSnapshot, promotion: Promotion) -> Contributors:
    """Who had a hand in the pull request itself; nobody has to be asked for that."""
    head, ours = snapshot.head, snapshot.pull.head_sha == promotion.head_sha
    pusher = Unknown(why=f"{head.sha[:7]} was not written by Lockstep")
    asked = promotion.requested_by_id
    return Contributors(
        author=snapshot.pull.author,
        last_pusher=None if ours else pusher,
        committers=() if ours else tuple(each for each in (head.author,) if each is not None),
        unresolved=() if ours or head.author is not None else (head.author_name,),
        pushers=() if ours else pusher,
        requester=Actor(id=asked, login=promotion.requested_by_login or str(asked)) if asked else None,
        source_authors=(),
    )


def _with_files(github: GitHub, snapshot: PullSnapshot, people: Collection[Actor]) -> PullSnapshot:
    """The snapshot with all changed files, once somebody has said something that can be compared with them."""
    missing = [path for path in snapshot.pull.changed_files if path not in snapshot.head_files]
    if not missing or not people or len(missing) > MOST_FILES:
        return snapshot
    found = github.files(snapshot.repository.full_name, snapshot.pull.head_sha, missing)
    return replace(snapshot, head_files={**snapshot.head_files, **found})


MOST_FILES = 100
"""A promotion touches a handful of files; one that touches more than this was not written by Lockstep."""
