"""Opening a pull request of Lockstep's, whatever it brings: on a fresh branch, over one that a crash left, or not.

Pure; promotions, rollbacks and alert bundles all open this way, so that whose a branch is, is decided in one place
(attack cases 21, 78).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.decide import names
from bot.model.action import Action, DeleteBranch, OpenPull
from bot.model.facts import Commit, RepositoryFile
from bot.model.snapshot import Branch, EnvironmentSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The pull request that is wanted."""

    branch: str
    because: str
    title: str
    body: str
    message: str
    files: Mapping[str, bytes]
    deletions: tuple[str, ...] = ()
    labels: tuple[str, ...]


def opening(
    snapshot: EnvironmentSnapshot,
    proposal: Proposal,
    *,
    bot_id: int,
    holds: bool = False,
    ours_before: bool = False,
) -> tuple[Action, ...] | None:
    """What opens it on the present base; None: the branch exists and is somebody else's, so it is left alone.

    `holds`: the branch holds exactly what is wanted; `ours_before`: it is on record as the head of an earlier pull
    request of ours.
    """
    branch = snapshot.branches.get(proposal.branch)
    before: tuple[Action, ...] = ()
    branch_sha: str | None = None
    if branch is not None:
        ours = signed_by(branch.head, bot_id)
        if ours and holds and snapshot.base_sha in branch.head.parents:
            branch_sha = branch.head.sha
        elif ours or ours_before or branch.head.sha == snapshot.base_sha:
            before = (deletion(branch, "a branch of Lockstep's without a pull request is made anew"),)
        else:
            return None
    base = snapshot.repository.default_branch
    opened = OpenPull(
        because=proposal.because,
        branch=proposal.branch,
        branch_sha=branch_sha,
        base_ref=base,
        base_sha=snapshot.base_sha,
        files=proposal.files,
        deletions=proposal.deletions,
        message=proposal.message,
        title=proposal.title,
        body=proposal.body,
        labels=proposal.labels,
        checks=(names.summary_check(base),),
    )
    return (*before, opened)


def signed_by(head: Commit, bot_id: int) -> bool:
    """Whether a commit is ours by GitHub's own signature, though a crash kept it off the record (case 97).

    GitHub signs what an App writes through the API with that App as author; nobody else gets such a commit verified.
    """
    return head.verified and len(head.parents) == 1 and head.author is not None and head.author.id == bot_id


def holds(
    snapshot: EnvironmentSnapshot, branch: str, paths: Iterable[str], wanted: Mapping[str, bytes]
) -> bool:
    """Whether the branch holds exactly the wanted bytes in these files; a file that is not wanted is as on the base."""
    there = snapshot.branch_files.get(branch, {})
    for path in paths:
        base, found = snapshot.files.get(path), there.get(path)
        expected = wanted.get(path, base.data if isinstance(base, RepositoryFile) else None)
        if not isinstance(found, RepositoryFile) or found.data != expected:
            return False
    return True


def deletion(branch: Branch, because: str) -> DeleteBranch:
    """Takes the branch away, if it still is where it was seen."""
    return DeleteBranch(because=because, branch=branch.name, expected_head=branch.head.sha)
