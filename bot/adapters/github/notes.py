"""Git notes as they lie in a repository: a tree whose paths are the noted commits' ids.

`git notes` finds a note at the 40 digits, or with the first two, or twice two, as directories, whatever lies beside it
(https://git-scm.com/docs/git-notes, and `notes.c` of Git); so must a reader.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.adapters.github.blobs import files_of
from bot.adapters.github.channel import Channel, owner_and_name
from bot.adapters.github.queries import NOTE_QUERY
from bot.adapters.github.reads_repositories import named
from bot.errors import Terminal
from bot.model.facts import RepositoryFile, Unknown

_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A notes ref as it stands. `tip` and `tree` are None when there is no such ref yet."""

    tip: str | None
    tree: str | None
    there: tuple[RepositoryFile | Unknown, ...] = ()
    """The commit's notes; one in the usual case, more after a merge of notes that was done by hand."""


def places(commit_sha: str) -> tuple[str, str, str]:
    """The paths at which a commit's note can be; new ones go to the first, which stays fast with many notes."""
    if not _COMMIT.fullmatch(commit_sha):
        raise Terminal(f"{commit_sha!r} is no commit's full id")
    one, two, rest = commit_sha[:2], commit_sha[2:4], commit_sha[4:]
    return (f"{one}/{two}{rest}", commit_sha, f"{one}/{two}/{rest}")


def noted(channel: Channel, repository: str, ref: str, commit_sha: str) -> Noted:
    """What a notes ref holds about a commit, in one question. Raises Terminal when the repository cannot be seen."""
    owner, name = owner_and_name(repository)
    paths = places(commit_sha)
    variables = {"owner": owner, "name": name, "ref": ref}
    variables |= {f"p{index}": path for index, path in enumerate(paths)}
    reply = channel.graphql(NOTE_QUERY, variables, purpose="notes")
    reply.must_be_read()
    found = named(channel, reply.data.get("repository"), repository)
    if found is None:
        raise Terminal(f"{repository} cannot be seen, so its notes cannot be read")
    commit = found.get("object")
    if not commit:
        return Noted(tip=None, tree=None)
    if "oid" not in commit:
        raise Terminal(f"{ref} of {repository} does not name a commit, so it holds no notes")
    files = files_of(channel, repository, commit, paths, where=f"{repository}@{ref}")
    there = tuple(each for each in files.values() if not (isinstance(each, Unknown) and each.absent))
    return Noted(tip=commit["oid"], tree=commit["tree"]["oid"], there=there)


def note(channel: Channel, repository: str, ref: str, commit_sha: str) -> bytes | Unknown | None:
    """The note about a commit; None when there is none, Unknown when it cannot be read or there are several."""
    there = noted(channel, repository, ref, commit_sha).there
    if len(there) > 1:
        return Unknown(why=f"{ref} holds {len(there)} notes about {commit_sha}")
    if not there:
        return None
    return there[0] if isinstance(there[0], Unknown) else there[0].data
