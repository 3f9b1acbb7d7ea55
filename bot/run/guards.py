"""The guards on a pull request's changed files and on pushes: read at the head, asked by the default branch's rules.

A head is looked at once for each state of rules and guards; what was found is remembered. For a promotion the values
files came with the pull request, so it costs no request; for others the changed files are one question for a hundred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from bot.decide.checks import check_runs
from bot.decide.drift.facts import is_below
from bot.decide.guards import Guarded, guard, guard_apart, is_guarded, own_modules, verdict
from bot.decide.names import detail_check
from bot.decide.pull import PullFacts, environment_of
from bot.errors import TooHeavy, UserError
from bot.model.action import CommentOnCommit
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.guards import Change, Finding, GuardFile, Module
from bot.model.policy import Environment, Policy
from bot.model.policy_after import Guards
from bot.model.ports import GitHub
from bot.model.release import PromotionKind
from bot.model.subject import Subject
from bot.model.verdict import Outcome
from bot.run.acts import Cause, carry_out
from bot.run.house import House, is_news, note

PER_QUESTION = 100
MOST_FILES = 1000
"""Changed files that are read; a pull request with more is for people to split."""
SMALL = 16 * 1024
"""Bytes of all files together that are read in this process: so few cannot keep it busy for long, whatever they say,
and starting another one takes longer than most promotions' values files."""
_NO_TEXT = (
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".ico",
    ".webp",
    ".woff",
    ".woff2",
    ".ttf",
    ".pdf",
    ".zip",
    ".gz",
    ".tgz",
)
"""Files that hold nothing for a guard: they are not read."""
LARGE_PUSH = 20
"""GitHub lists at most 20 commits in a push event; a push that lists as many may hold more."""


def read(house: House, github: GitHub, facts: PullFacts) -> PullFacts:
    """The facts with what the guards found at this head; as they are when it changes nothing that guards look at."""
    snapshot = facts.snapshot
    pull = snapshot.pull
    into = environment_of(facts)
    guards = facts.policy.guards if facts.policy else Guards()
    paths = _looked_at(pull.changed_files)
    if not pull.files_complete:
        return replace(facts, guards=Unknown(why="GitHub does not list all files that it changes"))
    if not paths and into is None:
        return facts
    own = _own(house, github, snapshot.repository, snapshot.base_head_sha, guards)
    if isinstance(own, Unknown):
        return replace(facts, guards=own)
    change = _change(facts, into, pull.changed_files)
    seen = _fingerprint(pull.head_sha, paths, guards, facts.policy, own, change, house.version)
    found: Guarded | Unknown | None = _remembered(house, _mark(facts), seen)
    if found is None:
        files = _files(github, snapshot.repository, pull.head_sha, paths, snapshot.head_files)
        found = (
            files if isinstance(files, Unknown) else _guard(house, files, guards, facts.policy, own, change)
        )
        if isinstance(found, Guarded):
            facts = replace(facts, guarded_now=(seen, found))
    silent = into is None and _says_nothing(found, paths)
    return facts if silent else replace(facts, guards=found)


def remember(house: House, facts: PullFacts) -> None:
    """Keeps what was found at this head, so that no later look reads the files and asks the guards again."""
    if facts.guarded_now is not None:
        seen, found = facts.guarded_now
        house.store.marks.put(_mark(facts), {"seen": seen, **_json(found)})


def _mark(facts: PullFacts) -> str:
    return f"guards:{facts.snapshot.repository.id}:{facts.snapshot.pull.number}"


def pushed(
    house: House,
    subject: Subject,
    github: GitHub,
    repository: Repository,
    policy: Policy | None,
    payloads: Sequence[Mapping[str, Any]],
) -> None:
    """Looks at what was pushed to the default branch by others, and reports it on the newest commit (row G1)."""
    ref = f"refs/heads/{repository.default_branch}"
    mine = [each for each in payloads if each.get("ref") == ref and not each.get("deleted")]
    mine = [each for each in mine if (each.get("sender") or {}).get("id") != github.bot_id]
    if not mine:
        return
    head = str(mine[-1].get("after"))
    guards = policy.guards if policy else Guards()
    paths = _pushed_paths(github, repository, mine)
    looked_at = paths if isinstance(paths, Unknown) else _looked_at(paths)
    if looked_at == ():
        return
    found = _found(house, github, repository, head, policy, guards, looked_at)
    if isinstance(looked_at, Unknown) or not _says_nothing(found, looked_at):
        _report(house, subject, repository, head, found)


def _found(
    house: House,
    github: GitHub,
    repository: Repository,
    head: str,
    policy: Policy | None,
    guards: Guards,
    paths: tuple[str, ...] | Unknown,
) -> Guarded | Unknown:
    own = _own(house, github, repository, head, guards)
    if isinstance(own, Unknown):
        return own
    files = paths if isinstance(paths, Unknown) else _files(github, repository, head, paths, {})
    return files if isinstance(files, Unknown) else _guard(house, files, guards, policy, own, None)


def _looked_at(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in paths if is_guarded(each) or not each.lower().endswith(_NO_TEXT))


def _says_nothing(found: Guarded | Unknown, paths: Sequence[str]) -> bool:
    """Prose and programs in which no secret was found need no check run."""
    quiet = isinstance(found, Guarded) and not found.findings and not found.notes
    return quiet and not any(is_guarded(each) for each in paths)


def _change(facts: PullFacts, into: Environment | None, paths: Sequence[str]) -> Change | None:
    if into is None:
        return None
    values = tuple(each.file for each in into.values)
    alerts = facts.policy.alerts if facts.policy else None
    if facts.promotion is not None and facts.promotion.kind is PromotionKind.ALERTS:
        # A bundle promotion writes the environment's bundle, and no values.
        folder = alerts.bundles.get(into.name) if alerts else None
        values = tuple(path for path in paths if folder and is_below(path, folder.rstrip("/")))
    return Change(environment=into.name, paths=tuple(paths), values=values)


def _guard(
    house: House,
    files: Sequence[GuardFile],
    guards: Guards,
    policy: Policy | None,
    own: Sequence[Module],
    change: Change | None,
) -> Guarded | Unknown:
    values = tuple(each.file for env in policy.environments for each in env.values) if policy else None
    modules = (*house.engine.shipped(), *own)
    if sum(len(each.data) for each in files) <= SMALL:
        return guard(house.engine, modules, files, guards, values=values, change=change)
    try:
        findings, notes = house.apart(
            guard_apart, modules, tuple(files), guards, values, change, near={"engine": house.engine}
        )
    except (TooHeavy, UserError) as error:
        return Unknown(why=f"reading the files {error}; split them, or list them under guards.ignore")
    return Guarded(findings=findings, notes=notes)


def _files(
    github: GitHub,
    repository: Repository,
    head: str,
    paths: Sequence[str],
    there: Mapping[str, RepositoryFile | Unknown],
) -> tuple[GuardFile, ...] | Unknown:
    """The files as they stand at `head`; deleted ones are left out. `there`: those that were read already."""
    if len(paths) > MOST_FILES:
        return Unknown(
            why=f"{len(paths):,} changed files are more than the {MOST_FILES:,} that are read; split it"
        )
    found = {path: there[path] for path in paths if path in there}
    missing = [path for path in paths if path not in found]
    for start in range(0, len(missing), PER_QUESTION):
        found |= github.files(repository.full_name, head, missing[start : start + PER_QUESTION])
    files: list[GuardFile] = []
    for path, file in found.items():
        if isinstance(file, RepositoryFile):
            data = file.data if file.is_regular else b""
            files.append(GuardFile(path=path, data=data, link=not file.is_regular))
        elif file.too_large:
            files.append(GuardFile(path=path, too_large=True))
        elif not file.absent:
            return file
    return tuple(files)


def _own(
    house: House, github: GitHub, repository: Repository, sha: str, guards: Guards
) -> tuple[Module, ...] | Unknown:
    """The team's own guards as they stand at a commit of the default branch; read once for each."""
    if guards.directory is None:
        return ()
    key = (repository.id, sha, guards.directory)
    if key not in house.team_guards:
        files = github.directory(repository.full_name, sha, guards.directory)
        if isinstance(files, Unknown):
            return Unknown(why=f"the team's guards in {guards.directory} could not be read: {files.why}")
        odd = next((each for each in files.values() if isinstance(each, Unknown)), None)
        if odd is not None:
            return odd
        data = {path: each.data for path, each in files.items() if isinstance(each, RepositoryFile)}
        house.team_guards.clear()
        house.team_guards[key] = tuple(own_modules(data))
    return house.team_guards[key]


def _fingerprint(*parts: object) -> str:
    """What an answer depends on, in short: when none of it changes, neither does the answer."""
    head, paths, guards, policy, own, change, version = parts
    values = [env.values for env in policy.environments] if isinstance(policy, Policy) else None
    text = repr((head, paths, guards, values, own, change, version))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _json(found: Guarded) -> dict[str, Any]:
    return {"findings": [asdict(each) for each in found.findings], "notes": list(found.notes)}


def _remembered(house: House, mark: str, seen: str) -> Guarded | None:
    there = house.store.marks.get(mark)
    if not there or there.get("seen") != seen:
        return None
    return Guarded(findings=tuple(Finding(**each) for each in there["findings"]), notes=tuple(there["notes"]))


def _pushed_paths(
    github: GitHub, repository: Repository, payloads: Sequence[Mapping[str, Any]]
) -> tuple[str, ...] | Unknown:
    """The files that the pushes added or changed; of a push with more commits than an event lists, those of the
    listed ones and of the newest."""
    found: dict[str, None] = {}
    for payload in payloads:
        commits = payload.get("commits") or []
        if len(commits) >= LARGE_PUSH or payload.get("forced"):
            changed = github.changed_paths(repository.full_name, str(payload.get("after")))
            if isinstance(changed, Unknown):
                return changed
            found |= dict.fromkeys(changed)
        for commit in commits:
            for kind in ("added", "modified"):
                found |= dict.fromkeys(str(each) for each in commit.get(kind) or [])
    return tuple(found)


def _report(
    house: House, subject: Subject, repository: Repository, head: str, found: Guarded | Unknown
) -> None:
    """A check run on the pushed commit, and a row in the ledger when something is denied."""
    judged = verdict(found)
    check = next(
        each
        for each in check_runs(repository.default_branch, head, [judged], (judged.gate,))
        if each.name == detail_check(repository.default_branch, judged.gate)
    )
    with house.store.together():
        news = is_news(house, subject, "guards", f"{head}: {judged.outcome.value}: {judged.headline}")
        if news and judged.outcome is not Outcome.PASS:
            note(house, subject, "guards_denied", "refused", judged.headline, head_sha=head)
    if news:
        telling = CommentOnCommit(because=judged.headline, repository=repository.full_name, check=check)
        carry_out(house, Cause(subject=subject), repository, [telling])
