"""Pull requests that change the rules file or CODEOWNERS: which of them are touched, and who has approved (row R8).

Files, owners and roles are the base branch's (attack case 43). Only reviews count here: GitHub binds each to the
commit that its author looked at, while a comment's head could be told from the commit's date alone, which its author
chooses.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from bot.decide.codeowners import CODEOWNERS_PATHS
from bot.decide.pull import PullFacts, environment_of
from bot.decide.pull.guarding import RULES
from bot.model.approval_facts import ApprovalFacts, Contributors, Membership, Permissions, PullAt
from bot.model.delivery import StoredDelivery
from bot.model.facts import Actor, Commit, RepositoryFile, Unknown
from bot.model.ports import GitHub
from bot.model.snapshot import PullSnapshot
from bot.run import approvals, owners
from bot.run.house import House
from bot.run.people import members_of, permissions_of

PUSHES = 50
"""Pushes kept of one pull request."""


def guarded_paths(house: House) -> tuple[str, ...]:
    """The rules file and CODEOWNERS, in all their places: one that is new may take another's place."""
    return (*house.rules_paths, *CODEOWNERS_PATHS)


def touched(house: House, snapshot: PullSnapshot) -> tuple[str, ...]:
    """Those of them that the pull request changes, adds, deletes or renames. Where GitHub does not list all files, also
    those that differ from the base branch."""
    listed = set(snapshot.pull.changed_files)
    return tuple(
        path
        for path in guarded_paths(house)
        if path in listed or (not snapshot.pull.files_complete and _differs(snapshot, path))
    )


def read(house: House, github: GitHub, facts: PullFacts) -> PullFacts:
    """The facts with the touched files and, for what is no promotion, everybody's voice about them."""
    snapshot = facts.snapshot
    found = touched(house, snapshot)
    if not found:
        return facts
    facts = replace(facts, guarded=found)
    if environment_of(facts) is not None:
        return facts
    demanded = owners.demand(snapshot, found)
    people = approvals.people_of(snapshot, ())
    roles = [facts.policy.roles[name] for name in facts.policy.owners] if facts.policy else []
    teams = {team for role in roles for team in role.teams} | set(demanded.teams)
    members = github.team_members(teams) if people and teams else {}
    voices = ApprovalFacts(
        at=PullAt(
            repository_id=snapshot.repository.id,
            pull=snapshot.pull.number,
            base_ref=snapshot.pull.base_ref,
            head_sha=snapshot.pull.head_sha,
            environment=RULES,
        ),
        reviews=snapshot.reviews,
        comments=(),
        records=house.store.approvals.records(snapshot.repository.id, snapshot.pull.number),
        membership=members_of(people, members) if people else Membership(),
        permissions=permissions_of(github, snapshot.repository, people) if people else Permissions(),
        contributors=_contributors(house, github, snapshot, asked=bool(people)),
        changed_at=approvals.changed_at(house, snapshot),
    )
    required = owners.required(house, github, snapshot, demanded, members, look_up=bool(people))
    return replace(facts, voices=voices, owners=required)


def remember_pushes(
    house: House, repository_id: int, number: int, deliveries: Sequence[StoredDelivery]
) -> None:
    """Keeps who pushed which head, by GitHub's word: what a commit says of its author anybody can write (case 57)."""
    fresh = [push for delivery in deliveries if (push := _push(delivery)) is not None]
    if not fresh:
        return
    key = _key(repository_id, number)
    known = [tuple(each) for each in house.store.marks.get(key) or ()]
    kept = dict.fromkeys([*known, *fresh])
    house.store.marks.put(key, [list(each) for each in kept][-PUSHES:])


def _push(delivery: StoredDelivery) -> tuple[str, int, str] | None:
    if delivery.event != "pull_request" or delivery.action not in ("opened", "synchronize"):
        return None
    payload = json.loads(delivery.payload)
    sender = payload.get("sender") or {}
    sha = ((payload.get("pull_request") or {}).get("head") or {}).get("sha")
    if not (sha and sender.get("id") and sender.get("login")):
        return None
    return str(sha), int(sender["id"]), str(sender["login"])


def _contributors(house: House, github: GitHub, snapshot: PullSnapshot, *, asked: bool) -> Contributors:
    """Who had a hand in it: its author, everybody who pushed, and the accounts behind its commits. Commits of nobody
    make every pusher suspect, and where it is not on record who pushed them, everybody."""
    pull = snapshot.pull
    if not asked:
        return Contributors(
            author=pull.author, last_pusher=None, committers=(), requester=None, source_authors=()
        )
    commits = github.pull_commits(snapshot.repository.id, pull.number)
    pushes = house.store.marks.get(_key(snapshot.repository.id, pull.number)) or []
    pushers = tuple({int(who): Actor(id=int(who), login=str(login)) for _, who, login in pushes}.values())
    heads = {str(sha) for sha, _, _ in pushes}
    strangers = (
        () if isinstance(commits, Unknown) else tuple(name for each in commits for name in _nobody(each))
    )
    unknown = Unknown(why=f"it is not on record who pushed {pull.head_sha[:7]}")
    known = pull.head_sha in heads
    return Contributors(
        author=pull.author,
        last_pusher=unknown if strangers and not known else None,
        committers=commits if isinstance(commits, Unknown) else _makers(commits, pushers),
        requester=None,
        source_authors=(),
        unresolved=strangers,
        pushers=pushers if known else unknown,
    )


def _makers(commits: Sequence[Commit], pushers: Sequence[Actor]) -> tuple[Actor, ...]:
    made = [who for each in commits for who in (each.author, each.committer) if who is not None]
    return tuple({who.id: who for who in (*made, *pushers)}.values())


def _nobody(commit: Commit) -> tuple[str, ...]:
    author = (commit.author_name or "nobody",) if commit.author is None else ()
    return (*author, *((commit.committer_name,) if commit.committer_name else ()))


def _differs(snapshot: PullSnapshot, path: str) -> bool:
    return _oid(snapshot.base_files.get(path)) != _oid(snapshot.head_files.get(path))


def _oid(found: RepositoryFile | Unknown | None) -> str | None:
    return found.oid if isinstance(found, RepositoryFile) else None


def _key(repository_id: int, number: int) -> str:
    return f"pushes:{repository_id}:{number}"
