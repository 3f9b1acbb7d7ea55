"""Real Git behind the local GitHub: bare repositories through pygit2, no work trees, no subprocess.

A fork shares its parent's object store, as on GitHub, and keeps its refs under ``refs/forks/<id>/``.
Names of refs are given without ``refs/`` (``heads/main``); shas are 40 hex digits.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pygit2
from pygit2.enums import DeltaStatus, DiffFind, FileMode, ObjectType, SortMode

_STATUS = {
    DeltaStatus.ADDED: "added",
    DeltaStatus.DELETED: "removed",
    DeltaStatus.MODIFIED: "modified",
    DeltaStatus.RENAMED: "renamed",
    DeltaStatus.COPIED: "copied",
    DeltaStatus.TYPECHANGE: "changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Author or committer with the time of the act."""

    name: str
    email: str
    at: datetime

    def signature(self) -> pygit2.Signature:
        """As libgit2 wants it."""
        offset = self.at.utcoffset()
        minutes = int(offset.total_seconds() // 60) if offset else 0
        return pygit2.Signature(self.name or "nobody", self.email, int(self.at.timestamp()), minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A tree entry: ``mode`` as octal text (100644, 120000, 160000, 040000 …), ``kind`` blob|tree|commit."""

    path: str
    mode: str
    kind: str
    sha: str
    size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """One changed file; ``status`` in GitHub's words, ``patch`` from the first ``@@`` on, None if binary."""

    path: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Outcome of a three-way merge: the tree, or the paths that conflict."""

    tree: str | None
    conflicts: tuple[str, ...]


class GitRepo:
    """One repository's refs over a (possibly shared) object store."""

    def __init__(self, repo: pygit2.Repository, prefix: str = "refs/") -> None:
        self.repo = repo
        self.prefix = prefix

    @classmethod
    def create(cls, path: Path) -> GitRepo:
        """A new empty bare repository at ``path``."""
        return cls(pygit2.init_repository(str(path), bare=True))

    def fork(self, number: int) -> GitRepo:
        """A fork that shares the objects and starts with the same branches."""
        twin = GitRepo(self.repo, f"refs/forks/{number}/")
        for name, sha in self.refs("heads/").items():
            twin.set_ref(name, sha)
        return twin

    # refs -------------------------------------------------------------------------------------------
    def ref(self, name: str) -> str | None:
        """The sha a ref points at, or None."""
        found = self.repo.references.get(self.prefix + name)
        return str(found.target) if found is not None else None

    def refs(self, starts: str = "") -> dict[str, str]:
        """Refs whose name starts so, sorted by name."""
        full = self.prefix + starts
        names = sorted(n for n in self.repo.references if n.startswith(full))
        if self.prefix == "refs/":
            names = [n for n in names if not n.startswith("refs/forks/")]
        return {n[len(self.prefix) :]: str(self.repo.references[n].target) for n in names}

    def set_ref(self, name: str, sha: str) -> None:
        """Create or move a ref."""
        self.repo.references.create(self.prefix + name, pygit2.Oid(hex=sha), force=True)

    def delete_ref(self, name: str) -> None:
        """Delete a ref; KeyError when there is none."""
        self.repo.references.delete(self.prefix + name)

    def resolve(self, name: str) -> str | None:
        """Commit sha of a branch, tag, ``heads/x``, ``refs/heads/x``, full or short (≥7) sha, or None."""
        bare = name.removeprefix("refs/")
        for candidate in (bare, f"heads/{name}", f"tags/{name}"):
            if pygit2.reference_is_valid_name(self.prefix + candidate):
                sha = self.ref(candidate)
                if sha:
                    return str(self.repo[sha].peel(pygit2.Commit).id)
        if re.fullmatch(r"[0-9a-f]{7,40}", name):
            found = self.repo.get(name)
            if found is not None and found.type == ObjectType.COMMIT:
                return str(found.id)
        return None

    # objects ----------------------------------------------------------------------------------------
    def has(self, sha: str, kind: str = "commit") -> bool:
        """Whether such an object of that kind (commit, tree, blob, tag) exists."""
        found = self.repo.get(sha) if re.fullmatch(r"[0-9a-f]{40}", sha or "") else None
        return found is not None and found.type_str == kind

    def commit(self, sha: str) -> pygit2.Commit:
        """The commit; KeyError when absent."""
        found = self.repo[sha].peel(pygit2.Commit)
        assert isinstance(found, pygit2.Commit)  # noqa: S101 - tells mypy what peel returned
        return found

    def tree_of(self, sha: str) -> str:
        """Tree sha of a commit (or of a tree)."""
        return str(self.repo[sha].peel(pygit2.Tree).id)

    def blob(self, sha: str) -> bytes:
        """A blob's bytes."""
        return bytes(self.repo[sha].peel(pygit2.Blob).data)

    def write_blob(self, data: bytes) -> str:
        """Store bytes; the blob's sha."""
        return str(self.repo.create_blob(data))

    def entry(self, commit: str, path: str) -> Entry | None:
        """What lies at ``path`` (``""`` = the root tree), or None."""
        tree = self.repo[commit].peel(pygit2.Tree)
        if not path.strip("/"):
            return Entry(path="", mode="040000", kind="tree", sha=str(tree.id), size=None)
        try:
            found = tree[path.strip("/")]
        except KeyError:
            return None
        return self._entry(path.strip("/"), found)

    def _entry(self, path: str, found: pygit2.Object) -> Entry:
        kind = found.type_str
        size = found.size if isinstance(found, pygit2.Blob) else None
        return Entry(
            path=path, mode=f"{int(found.filemode or 0):06o}", kind=kind, sha=str(found.id), size=size
        )

    def follow(self, commit: str, link: Entry) -> Entry | None:
        """What a symlink inside the repository points at, or the link itself when that is no file.

        https://docs.github.com/rest/repos/contents#get-repository-content
        """
        target = self.blob(link.sha).decode(errors="replace")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), target))
        found = None if path.startswith(("/", "..")) else self.entry(commit, path)
        return found if found and found.kind == "blob" and found.mode != "120000" else link

    def read(self, commit: str, path: str) -> bytes | None:
        """A file's bytes at a commit, or None when there is no blob at that path."""
        found = self.entry(commit, path)
        return self.blob(found.sha) if found and found.kind == "blob" else None

    def entries(self, tree: str, *, recursive: bool = False, under: str = "") -> list[Entry]:
        """Entries of a tree (or a commit's) with full paths; ``recursive``: subtrees, then what is inside."""
        found: list[Entry] = []
        for item in self.repo[tree].peel(pygit2.Tree):
            entry = self._entry(under + (item.name or ""), item)
            found.append(entry)
            if recursive and entry.kind == "tree":
                found += self.entries(entry.sha, recursive=True, under=entry.path + "/")
        return found

    def write_tree(self, base: str | None, changes: dict[str, tuple[str, str] | None]) -> str:
        """A tree from ``base`` with ``{path: (mode, sha) | None}``; None deletes (KeyError: nothing)."""
        here: dict[str, tuple[str, str] | None] = {}
        below: dict[str, dict[str, tuple[str, str] | None]] = {}
        for path, change in changes.items():
            head, slash, rest = path.partition("/")
            if slash:
                below.setdefault(head, {})[rest] = change
            else:
                here[head] = change
        builder = (
            self.repo.TreeBuilder(self.repo[base].peel(pygit2.Tree)) if base else self.repo.TreeBuilder()
        )
        for name, inner in below.items():
            old = builder.get(name)
            old_sha = str(old.id) if old is not None and old.type == ObjectType.TREE else None
            made = self.write_tree(old_sha, inner)
            if len(self.repo[made].peel(pygit2.Tree)):
                builder.insert(name, pygit2.Oid(hex=made), FileMode.TREE)
            elif old is not None:
                builder.remove(name)
        for name, change in here.items():
            if change is None:
                if builder.get(name) is None:
                    raise KeyError(name)
                builder.remove(name)
            else:
                builder.insert(name, pygit2.Oid(hex=change[1]), FileMode(int(change[0], 8)))
        return str(builder.write())

    def write_commit(
        self, tree: str, parents: list[str], message: str, author: Person, committer: Person
    ) -> str:
        """A commit object; moves no ref."""
        oids = [pygit2.Oid(hex=p) for p in parents]
        made = self.repo.create_commit(
            None, author.signature(), committer.signature(), message, pygit2.Oid(hex=tree), oids
        )
        return str(made)

    def commit_files(
        self,
        parent: str | None,
        files: dict[str, bytes | None],
        message: str,
        author: Person,
        committer: Person | None = None,
    ) -> str:
        """A commit of ``{path: bytes | None}`` on ``parent``; keeps an existing file's mode; moves no ref."""
        changes: dict[str, tuple[str, str] | None] = {}
        for path, data in files.items():
            old = self.entry(parent, path) if parent else None
            mode = old.mode if old and old.kind == "blob" and old.mode != "120000" else "100644"
            changes[path] = None if data is None else (mode, self.write_blob(data))
        tree = self.write_tree(self.tree_of(parent) if parent else None, changes)
        return self.write_commit(tree, [parent] if parent else [], message, author, committer or author)

    # history ----------------------------------------------------------------------------------------
    def merge_base(self, one: str, two: str) -> str | None:
        """The best common ancestor, or None for unrelated histories."""
        found = self.repo.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=two))
        return str(found) if found else None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether ``ancestor`` is ``descendant`` or reachable from it."""
        return ancestor == descendant or bool(
            self.repo.descendant_of(pygit2.Oid(hex=descendant), pygit2.Oid(hex=ancestor))
        )

    def ahead_behind(self, base: str, head: str) -> tuple[int, int]:
        """Commits only ``head`` has, and commits only ``base`` has."""
        ahead, behind = self.repo.ahead_behind(pygit2.Oid(hex=head), pygit2.Oid(hex=base))
        return ahead, behind

    def log(self, start: str, *, hide: str | None = None, path: str | None = None) -> list[str]:
        """Commit shas from ``start`` backwards, newest first, without those reachable from ``hide``."""
        walker = self.repo.walk(pygit2.Oid(hex=start), SortMode.TOPOLOGICAL | SortMode.TIME)
        if hide:
            walker.hide(pygit2.Oid(hex=hide))
        commits = list(walker)
        if path:
            commits = [c for c in commits if self._touches(c, path)]
        return [str(c.id) for c in commits]

    def _touches(self, commit: pygit2.Commit, path: str) -> bool:
        mine = self.entry(str(commit.id), path)
        theirs = [self.entry(str(p), path) for p in commit.parent_ids] or [None]
        return all((mine.sha if mine else None) != (t.sha if t else None) for t in theirs)

    def diff(self, base: str | None, head: str, *, context: int = 3) -> list[FileDiff]:
        """Files that differ between two commits or trees (no three dots), renames found, in path order."""
        new = self.repo[head].peel(pygit2.Tree)
        if base is None:
            diff = new.diff_to_tree(swap=True, context_lines=context)
        else:
            diff = self.repo[base].peel(pygit2.Tree).diff_to_tree(new, context_lines=context)
        diff.find_similar(flags=DiffFind.FIND_RENAMES)
        return [_file_diff(patch) for patch in diff if patch is not None]

    def merge(self, base: str, head: str, ancestor: str | None = None) -> Merged:
        """A real three-way merge of two commits; writes objects, moves nothing."""
        root = ancestor or self.merge_base(base, head)
        if root is None:
            return Merged(tree=None, conflicts=("unrelated histories",))
        index = self.repo.merge_trees(
            self.repo[root].peel(pygit2.Tree),
            self.repo[base].peel(pygit2.Tree),
            self.repo[head].peel(pygit2.Tree),
        )
        if index.conflicts is not None:
            paths = {side.path for triple in index.conflicts for side in triple if side is not None}
            return Merged(tree=None, conflicts=tuple(sorted(paths)))
        return Merged(tree=str(index.write_tree(self.repo)), conflicts=())

    def rebase(self, base: str, head: str, committer: Person) -> str | None:
        """Replay the commits of ``head`` that ``base`` lacks on it; the new tip, or None on a conflict."""
        tip = base
        for sha in reversed(self.log(head, hide=base)):
            commit = self.commit(sha)
            if len(commit.parent_ids) > 1:
                return None
            merged = self.merge(tip, sha, ancestor=str(commit.parent_ids[0]))
            if merged.tree is None:
                return None
            tip = self.write_commit(merged.tree, [tip], commit.message, person_of(commit.author), committer)
        return tip


def person_of(signature: pygit2.Signature) -> Person:
    """A commit's signature as a value."""
    zone = timezone(timedelta(minutes=signature.offset))
    return Person(
        name=signature.name, email=signature.email, at=datetime.fromtimestamp(signature.time, tz=zone)
    )


def _file_diff(patch: pygit2.Patch) -> FileDiff:
    delta = patch.delta
    _, added, removed = patch.line_stats
    text = None if delta.is_binary else patch.text
    body = text[text.index("@@") :].rstrip("\n") if text and "@@" in text else None
    gone = delta.status == DeltaStatus.DELETED
    return FileDiff(
        path=delta.old_file.path if gone else delta.new_file.path,
        previous=delta.old_file.path if delta.status == DeltaStatus.RENAMED else None,
        status=_STATUS.get(delta.status, "modified"),
        sha=str(delta.old_file.id if gone else delta.new_file.id),
        additions=added,
        deletions=removed,
        patch=body,
    )
