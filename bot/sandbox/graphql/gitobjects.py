"""Commits, trees, files, and what GitHub says of a commit's author and signature."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pygit2

from bot.sandbox.gitstore import Entry, person_of
from bot.sandbox.graphql.context import (
    Context,
    GitBlob,
    GitCommit,
    GitObject,
    GitTree,
    Unsupported,
    git_id,
)
from bot.sandbox.graphql.fields import Fields, type_names
from bot.sandbox.graphql.page import in_order
from bot.sandbox.represent.repos import author_of, verification
from bot.sandbox.state import Account, Pull, Repository

# GitHub cuts a blob's text there and says so with isTruncated.
LONGEST_TEXT = 512_000

type_names(GitCommit, "Commit")
type_names(GitTree, "Tree")
type_names(GitBlob, "Blob")

OBJECT = Fields("Commit", "Tree", "Blob")
OBJECT.attributes(oid="sha", repository="repo")
OBJECT.add("id", lambda x, _c, _: git_id(x))
OBJECT.add("abbreviatedOid", lambda x, _c, _: x.sha[:7])
OBJECT.add("commitUrl", lambda x, c, _: c.web(f"{x.repo.full_name}/commit/{x.sha}"))
OBJECT.add("commitResourcePath", lambda x, _c, _: f"/{x.repo.full_name}/commit/{x.sha}")

COMMIT = Fields("Commit")


def _raw(commit: GitCommit) -> pygit2.Commit:
    return commit.repo.git.commit(commit.sha)


COMMIT.add("url", lambda x, c, _: c.web(f"{x.repo.full_name}/commit/{x.sha}"))
COMMIT.add("resourcePath", lambda x, _c, _: f"/{x.repo.full_name}/commit/{x.sha}")
COMMIT.add("message", lambda x, _c, _: _raw(x).message.rstrip("\n"))
COMMIT.add("messageHeadline", lambda x, _c, _: _raw(x).message.split("\n")[0])
COMMIT.add("messageBody", lambda x, _c, _: _raw(x).message.partition("\n")[2].strip("\n"))
COMMIT.add("committedDate", lambda x, _c, _: person_of(_raw(x).committer).at)
COMMIT.add("authoredDate", lambda x, _c, _: person_of(_raw(x).author).at)
COMMIT.add("tree", lambda x, _c, _: GitTree(x.repo, x.repo.git.tree_of(x.sha), "", x.sha))
COMMIT.add("changedFilesIfAvailable", lambda x, _c, _: len(_changes(x)))
COMMIT.add("changedFiles", lambda x, _c, _: len(_changes(x)))
COMMIT.add("additions", lambda x, _c, _: sum(f.additions for f in _changes(x)))
COMMIT.add("deletions", lambda x, _c, _: sum(f.deletions for f in _changes(x)))
COMMIT.add("author", lambda x, _c, _: GitActor(_raw(x).author))
COMMIT.add("committer", lambda x, _c, _: GitActor(_raw(x).committer))
COMMIT.add("committedViaWeb", lambda x, _c, _: _raw(x).committer.email == "noreply@github.com")
COMMIT.add("authoredByCommitter", lambda x, _c, _: _raw(x).author.email == _raw(x).committer.email)


def _changes(commit: GitCommit) -> list[Any]:
    parents = _raw(commit).parent_ids
    return commit.repo.git.diff(str(parents[0]) if parents else None, commit.sha)


@COMMIT.connection("parents")
def parents(commit: GitCommit, _context: Context, _args: dict[str, Any]) -> list[GitCommit]:
    """The parents, first parent first."""
    return [GitCommit(commit.repo, str(p)) for p in _raw(commit).parent_ids]


@COMMIT.connection("history")
def history(commit: GitCommit, _context: Context, args: dict[str, Any]) -> list[GitCommit]:
    """This commit and its ancestors, newest first; `path` keeps those that touch it."""
    if args.get("author"):
        raise Unsupported("the local GitHub does not support Commit.history(author)")
    found = [GitCommit(commit.repo, sha) for sha in commit.repo.git.log(commit.sha, path=args.get("path"))]
    since, until = _moment(args.get("since")), _moment(args.get("until"))
    dated = [(c, person_of(_raw(c).committer).at) for c in found]
    return [c for c, at in dated if (since is None or at >= since) and (until is None or at <= until)]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@COMMIT.connection("associatedPullRequests")
def commit_pulls(commit: GitCommit, context: Context, args: dict[str, Any]) -> list[Pull]:
    """Pull requests that contain the commit or were merged as it."""
    context.reads(commit.repo, "pull_requests")
    found = [p for p in commit.repo.pulls if _belongs(commit, p)]
    return in_order(found, args.get("orderBy"))


def _belongs(commit: GitCommit, pull: Pull) -> bool:
    git = commit.repo.git
    if commit.sha in (pull.head_sha, pull.merge_commit_sha):
        return True
    if (
        pull.merged
        and pull.merge_commit_sha
        and commit.sha in git.log(pull.merge_commit_sha, hide=pull.base_sha)
    ):
        return True  # one of the commits that a merge by rebase wrote
    root = git.merge_base(pull.base_sha, pull.head_sha)
    return git.is_ancestor(commit.sha, pull.head_sha) and not (root and git.is_ancestor(commit.sha, root))


# people ---------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class GitActor:
    """An author or committer as Git has it."""

    signature: pygit2.Signature


GIT_ACTOR = Fields("GitActor")
GIT_ACTOR.add("name", lambda x, _c, _: x.signature.name)
GIT_ACTOR.add("email", lambda x, _c, _: x.signature.email)
GIT_ACTOR.add("date", lambda x, _c, _: person_of(x.signature).at)


@GIT_ACTOR.field("user")
def git_user(actor: GitActor, context: Context, _args: dict[str, Any]) -> Account | None:
    """The account with this e-mail, if any: an e-mail is a claim, never a proof of who wrote it."""
    return author_of(context.world, actor.signature)


@COMMIT.connection("authors")
def authors(commit: GitCommit, _context: Context, _args: dict[str, Any]) -> list[GitActor]:
    """The author and whoever stands in `Co-authored-by` trailers."""
    raw = _raw(commit)
    found = [GitActor(raw.author)]
    for line in raw.message.splitlines():
        key, _, value = line.partition(":")
        name, bracket, rest = value.strip().partition(" <")
        if key.lower() == "co-authored-by" and bracket and rest.endswith(">"):
            stamped = (raw.author.time, raw.author.offset)
            found.append(GitActor(pygit2.Signature(name, rest[:-1], *stamped)))
    return found


@COMMIT.field("signature")
def signature(commit: GitCommit, _context: Context, _args: dict[str, Any]) -> Signature | None:
    """GitHub's own signature on commits made through its API; null for the others."""
    return Signature(commit) if commit.sha in commit.repo.verified else None


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature by GitHub's web flow."""

    commit: GitCommit


type_names(Signature, "GpgSignature")
SIGNATURE = Fields("GpgSignature")
SIGNATURE.values(isValid=True, state="VALID", wasSignedByGitHub=True, email="noreply@github.com", signer=None)
SIGNATURE.add("verifiedAt", lambda x, _c, _: person_of(_raw(x.commit).committer).at)
SIGNATURE.add("payload", lambda x, _c, _: verification(x.commit.repo, x.commit.sha, "")["payload"])
SIGNATURE.add("signature", lambda x, _c, _: verification(x.commit.repo, x.commit.sha, "")["signature"])


# trees and files --------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class FileEntry:
    """An entry of a tree; `commit` is the commit it was looked up in, when known."""

    repo: Repository
    entry: Entry
    commit: str | None = None


@COMMIT.field("file")
def file(commit: GitCommit, context: Context, args: dict[str, Any]) -> FileEntry | None:
    """What lies at a path, or null."""
    context.reads(commit.repo, "contents")
    found = commit.repo.git.entry(commit.sha, args["path"])
    return FileEntry(commit.repo, found, commit.sha) if found else None


@Fields("Tree").field("entries")
def entries(tree: GitTree, _context: Context, _args: dict[str, Any]) -> list[FileEntry]:
    """The entries of this tree alone; their paths start at the root when the tree was found by a path."""
    under = f"{tree.path}/" if tree.path else ""
    return [FileEntry(tree.repo, e, tree.commit) for e in tree.repo.git.entries(tree.sha, under=under)]


ENTRY = Fields("TreeEntry")
ENTRY.attributes(repository="repo")
ENTRY.add("oid", lambda x, _c, _: x.entry.sha)
ENTRY.add("path", lambda x, _c, _: x.entry.path)
ENTRY.add("name", lambda x, _c, _: x.entry.path.rpartition("/")[2])
ENTRY.add("type", lambda x, _c, _: x.entry.kind)
# GitHub gives the mode as the decimal of Git's octal word: 33188 for 100644, 40960 for a symlink.
ENTRY.add("mode", lambda x, _c, _: int(x.entry.mode, 8))
ENTRY.add("size", lambda x, _c, _: x.entry.size or 0)
ENTRY.add("extension", lambda x, _c, _: _extension(x.entry.path))


def _extension(path: str) -> str:
    _, dot, end = path.rpartition("/")[2].rpartition(".")
    return f".{end}" if dot else ""


@ENTRY.field("object")
def entry_object(found: FileEntry, _context: Context, _args: dict[str, Any]) -> GitObject | None:
    """The blob or tree; null for a submodule, whose commit lives elsewhere."""
    if found.entry.kind == "tree":
        return GitTree(found.repo, found.entry.sha, found.entry.path, found.commit)
    return None if found.entry.kind == "commit" else GitBlob(found.repo, found.entry.sha)


@ENTRY.field("submodule")
def submodule(found: FileEntry, _context: Context, _args: dict[str, Any]) -> dict[str, Any] | None:
    """What `.gitmodules` says of a submodule at this path."""
    if found.entry.kind != "commit":
        return None
    raw = (found.repo.git.read(found.commit, ".gitmodules") if found.commit else None) or b""
    parser = configparser.ConfigParser()
    parser.read_string("\n".join(line.strip() for line in raw.decode().splitlines()))
    for section in parser.sections():
        if parser.get(section, "path", fallback=None) == found.entry.path:
            name = section.partition('"')[2].rstrip('"')
            url = parser.get(section, "url", fallback="")
            return {"name": name, "path": found.entry.path, "gitUrl": url, "branch": None}
    return {"name": found.entry.path, "path": found.entry.path, "gitUrl": "", "branch": None}


def _text(data: bytes) -> str | None:
    if b"\0" in data[:8000]:
        return None
    return data[:LONGEST_TEXT].decode("utf-8", errors="replace")


BLOB = Fields("Blob")
BLOB.add("byteSize", lambda x, _c, _: len(x.repo.git.blob(x.sha)))
BLOB.add("isBinary", lambda x, _c, _: _text(x.repo.git.blob(x.sha)) is None)
BLOB.add("isTruncated", lambda x, _c, _: len(x.repo.git.blob(x.sha)) > LONGEST_TEXT)


@BLOB.field("text")
def blob_text(blob: GitBlob, _context: Context, _args: dict[str, Any]) -> str | None:
    """The text, cut where GitHub cuts it; null for a binary file."""
    return _text(blob.repo.git.blob(blob.sha))
