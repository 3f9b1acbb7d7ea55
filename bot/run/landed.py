"""What has come onto the default branch since it was looked at last: changed rules, and direct pushes (rows R8, P11).

How far it was looked at is a mark, so a webhook that got lost costs a delay (the sweep asks the same), and asking again
is quiet. A change of the rules is one ledger row; a push past pull requests that touches managed files is one, and a
failing check run on the commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.decide import landing
from bot.decide.codeowners import CODEOWNERS_PATHS
from bot.decide.names import detail_check
from bot.decide.text import code, plain
from bot.model.action import CheckRun, CommentOnCommit
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.landing import Step
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.subject import Subject
from bot.run.acts import Cause, carry_out
from bot.run.house import House, note

SETTLING = timedelta(seconds=10)
"""GitHub connects a merge's commit with its pull request a moment after the push; only then is it a direct push."""
PUSHES = 30
"""Pushes kept until what they brought is settled."""
ATTRIBUTED = 20
"""Steps whose files are asked for one by one; of more, all are taken to touch managed files."""
NOWHERE = "0" * 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Somebody's push to the default branch, by GitHub's word."""

    before: str
    after: str
    who: int
    login: str
    delivery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How far the branch was looked at, and what is known of what came after."""

    head: str
    pushes: tuple[Push, ...] = ()
    since: datetime | None = None
    """Since when there is something that came through no pull request, as far as GitHub says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watch:
    house: House
    subject: Subject
    github: GitHub
    repository: Repository
    policy: Policy | None

    @property
    def guarded(self) -> tuple[str, ...]:
        """The rules file and CODEOWNERS in all their places."""
        return (*self.house.rules_paths, *CODEOWNERS_PATHS)

    def files(self, sha: str) -> Mapping[str, RepositoryFile | Unknown]:
        """Those of the guarded files that there are at a commit."""
        return self.github.files(self.repository.full_name, sha, self.guarded)


def _key(repository: Repository) -> str:
    return f"landed:{repository.id}:{repository.default_branch}"


def settles_at(house: House, repository: Repository) -> datetime | None:
    """When to look again at what has come and is not settled yet; None: nothing waits.

    A repository has one job at a time, and an event that comes meanwhile takes the place of the planned look.
    """
    seen = _seen(house.store.marks.get(_key(repository)))
    return seen.since + SETTLING if seen is not None and seen.since is not None else None


def watch(
    house: House,
    subject: Subject,
    github: GitHub,
    repository: Repository,
    head_sha: str,
    policy: Policy | None,
    deliveries: Sequence[StoredDelivery],
) -> None:
    """Looks at what came since the last time; `policy` None: the rules are invalid now."""
    key = _key(repository)
    pushes = tuple(_pushes(deliveries, repository))
    mark = house.store.marks.get(key)
    seen = _seen(mark)
    if seen is None:
        start = next((each.before for each in pushes if each.before != NOWHERE), head_sha)
        seen = Seen(head=start)
    watched = _Watch(house=house, subject=subject, github=github, repository=repository, policy=policy)
    if seen.head == head_sha:
        if mark is None:
            house.store.marks.put(key, _json(seen))
        return
    kept = (*seen.pushes, *pushes)[-PUSHES:]
    found = github.arrivals(repository.id, seen.head, head_sha, watched.guarded)
    taken = () if isinstance(found, Unknown) else landing.steps(found, seen.head, head_sha, repository)
    rewritten = isinstance(found, Unknown) or not found.reached
    past = tuple(step for step in taken if step.through is None)
    if (past or rewritten) and (seen.since is None or house.clock() < seen.since + SETTLING):
        since = seen.since or house.clock()
        house.store.marks.put(key, _json(Seen(head=seen.head, pushes=kept, since=since)))
        wake(house.store, subject, since + SETTLING)
        return
    if not isinstance(found, Unknown) and not found.complete:
        why = (
            f"{seen.head[:7]}...{head_sha[:7]} brought more commits than are read; how they came is not known"
        )
        note(house, subject, "landing_unknown", "skipped", why, head_sha=head_sha)
    touching = {} if rewritten else _touching(watched, past)
    if rewritten:
        _rewritten(watched, seen.head, head_sha, kept)
        _row(watched, seen.head, head_sha, None, kept)
    elif touching:
        _pushed(watched, touching, kept)
    for step in reversed(() if rewritten else taken):
        if step.touches:
            _row(
                watched,
                step.commit.parents[0] if step.commit.parents else seen.head,
                step.commit.sha,
                step,
                kept,
            )
    house.store.marks.put(key, _json(Seen(head=head_sha)))


def _touching(watched: _Watch, past: Sequence[Step]) -> Mapping[str, tuple[Step, tuple[str, ...]]]:
    """Commit to the managed files it changes. What cannot be listed counts as changing them."""
    policy = watched.policy or watched.house.last_policy.get(watched.repository.id)
    files, directories = set(watched.guarded), set[str]()
    if policy is not None:
        files |= {values.file for each in policy.environments for values in each.values}
        alerts = policy.alerts
        named = (alerts.source, alerts.tests, alerts.alertmanager, *alerts.bundles.values()) if alerts else ()
        directories = {path for path in (*named, policy.guards.directory) if path}
        files |= directories
    found: dict[str, tuple[Step, tuple[str, ...]]] = {}
    for number, step in enumerate(past):
        changed = (
            watched.github.changed_paths(watched.repository.full_name, step.commit.sha)
            if number < ATTRIBUTED
            else Unknown(why="too many commits to list their files")
        )
        mine = (
            (changed.why,) if isinstance(changed, Unknown) else landing.managed(changed, files, directories)
        )
        if mine:
            found[step.commit.sha] = (step, mine)
    return found


def _pushed(
    watched: _Watch, touching: Mapping[str, tuple[Step, tuple[str, ...]]], pushes: Sequence[Push]
) -> None:
    """One row and one check run for all that was pushed past pull requests since the last look."""
    shas = tuple(touching)
    paths = tuple(dict.fromkeys(path for _, found in touching.values() for path in found))
    newest = touching[shas[0]][0].commit
    push = _by(watched, newest.sha, pushes)
    who = push.login if push else "Somebody"
    count = f"{len(shas)} commit{'s' if len(shas) != 1 else ''}"
    branch = watched.repository.default_branch
    title = f"{who} pushed {count} to {branch} past pull requests: {', '.join(paths[:3])}"
    _report(
        watched, newest.sha, title, push, {"commits": ", ".join(shas[:20]), "files": ", ".join(paths[:50])}
    )


def _rewritten(watched: _Watch, old: str, new: str, pushes: Sequence[Push]) -> None:
    push = _by(watched, new, pushes)
    who = push.login if push else "Somebody"
    title = f"{who} rewrote {watched.repository.default_branch}: {old[:7]} is no longer part of it"
    _report(watched, new, title, push, {"before": old, "commits": new, "forced": "true"})


def _report(watched: _Watch, sha: str, title: str, push: Push | None, details: Mapping[str, str]) -> None:
    rows = [f"- {name}: {code(value)}" for name, value in details.items()]
    check = CheckRun(
        name=detail_check(watched.repository.default_branch, "direct push"),
        head_sha=sha,
        status="completed",
        conclusion="failure",
        title=plain(title, 250),
        summary="\n".join(
            [
                "Managed files (values, rules, CODEOWNERS, alerts) change by reviewed pull request. This came past it.",
                "",
                *rows,
                "",
                "Have their owners look at it, or revert it by a pull request; protect the branch so that nobody can "
                "push to it.",
            ]
        ),
    )
    telling = CommentOnCommit(because=title, repository=watched.repository.full_name, check=check)
    actor = (push.who, push.login, push.delivery) if push else (None, None, None)
    cause = Cause(subject=watched.subject, delivery_id=actor[2], actor_id=actor[0], actor_login=actor[1])
    carry_out(watched.house, cause, watched.repository, [telling])
    note(
        watched.house,
        watched.subject,
        "direct_push",
        "done",
        title,
        actor_id=actor[0],
        actor_login=actor[1],
        delivery_id=actor[2],
        head_sha=sha,
        details=dict(details),
    )


def _row(watched: _Watch, old: str, new: str, step: Step | None, pushes: Sequence[Push]) -> None:
    """A row for a step that changed the rules file or CODEOWNERS; `step` None: for all that a rewriting changed."""
    before, after = watched.files(old), watched.files(new)
    said = [
        f"{path}: {_said(watched, path, before.get(path), after.get(path))}"
        for path in watched.guarded
        if _digest(before.get(path)) != _digest(after.get(path))
    ]
    if not said:
        return
    through = step.through if step else None
    push = None if through else _by(watched, new, pushes)
    who = through.merged_by if through else None
    way = f"#{through.number} by {through.author.login}" if through else "a direct push"
    note(
        watched.house,
        watched.subject,
        "rules_changed",
        "done",
        f"{'; '.join(said)} (by {way})",
        actor_id=who.id if who else push.who if push else None,
        actor_login=who.login if who else push.login if push else None,
        delivery_id=push.delivery if push else None,
        pull_number=through.number if through else None,
        head_sha=new,
        details={"before": old, "commit": new},
    )


def _said(
    watched: _Watch,
    path: str,
    before: RepositoryFile | Unknown | None,
    after: RepositoryFile | Unknown | None,
) -> str:
    old, new = (file.data if isinstance(file, RepositoryFile) else None for file in (before, after))
    if isinstance(before, Unknown) and not before.absent:
        return f"what it was before cannot be read: {before.why}"
    if old is None or new is None:
        return "added" if old is None else "removed"
    if path in watched.house.rules_paths:
        return landing.what_changed(watched.house.outline(old), watched.house.outline(new))
    lines = (old.decode("utf-8", "replace").splitlines(), new.decode("utf-8", "replace").splitlines())
    gone = [f"- {line}" for line in lines[0] if line not in lines[1]]
    come = [f"+ {line}" for line in lines[1] if line not in lines[0]]
    return plain(", ".join((*gone, *come)[: landing.SHOWN]) or "only the order or the spacing", 500)


def _by(watched: _Watch, sha: str, pushes: Sequence[Push]) -> Push | None:
    """Whose push brought the commit: the one that ended with it, else the only one there is."""
    exact = next((push for push in reversed(pushes) if push.after == sha), None)
    return exact or (pushes[0] if len(pushes) == 1 else None)


def _pushes(deliveries: Sequence[StoredDelivery], repository: Repository) -> list[Push]:
    found = []
    for delivery in deliveries:
        payload: dict[str, Any] = json.loads(delivery.payload) if delivery.event == "push" else {}
        sender = payload.get("sender") or {}
        if payload.get("ref") != f"refs/heads/{repository.default_branch}" or not sender.get("id"):
            continue
        found.append(
            Push(
                before=str(payload.get("before")),
                after=str(payload.get("after")),
                who=int(sender["id"]),
                login=str(sender.get("login")),
                delivery=delivery.id,
            )
        )
    return found


def _digest(file: RepositoryFile | Unknown | None) -> str:
    if isinstance(file, RepositoryFile):
        return hashlib.sha256(f"{file.mode:o}\0".encode() + file.data).hexdigest()
    return "" if file is None or file.absent else f"? {file.why}"


def _seen(mark: Any) -> Seen | None:
    if not mark:
        return None
    since = mark.get("since")
    return Seen(
        head=str(mark["head"]),
        pushes=tuple(Push(**each) for each in mark["pushes"]),
        since=datetime.fromisoformat(since) if since else None,
    )


def _json(seen: Seen) -> dict[str, Any]:
    names = ("before", "after", "who", "login", "delivery")
    return {
        "head": seen.head,
        "pushes": [{name: getattr(push, name) for name in names} for push in seen.pushes],
        "since": seen.since.isoformat() if seen.since else None,
    }
