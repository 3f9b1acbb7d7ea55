"""The stage: repositories, forks, branch protection. Part of ``Sandbox`` (see scenario.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.actions.refs import person
from bot.sandbox.cast import Cast, Place
from bot.sandbox.gitstore import GitRepo, Person
from bot.sandbox.payloads import brief
from bot.sandbox.state import MergeQueue, Protection, Pull, Repository


@dataclass(frozen=True, slots=True)
class Link:
    """A symlink's target, as a file's content in ``files``."""

    target: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule's commit, as a file's content in ``files``."""

    sha: str


Content = str | bytes | Link | Submodule | None
Files = Mapping[str, Content]


class Setting(Cast):
    """What there is before the story begins."""

    def repository(
        self,
        name: str,
        files: Files | None = None,
        default_branch: str = "main",
        private: bool = True,
        by: str | None = None,
    ) -> Repository:
        """A repository ``owner/name`` with a first commit of ``files`` (a README when there are none)."""
        with self.world.lock:
            login, _, short = name.partition("/")
            owner = self.world.account(login)
            number = self.world.next_id()
            now = self.world.clock.now()
            made = Repository(
                owner=owner,
                name=short,
                git=GitRepo.create(self.world.home / f"{number}.git"),
                default_branch=default_branch,
                created_at=now,
                pushed_at=now,
                private=private,
            )
            self.world.register("R", made, number)
            self.world.repositories[number] = made
            author = person(self.world, self.user(by) if by else self._somebody(owner))
            content = files or {"README.md": f"# {short}\n"}
            sha = self.commit_on(made.git, None, content, "Begin", author)
            made.git.set_ref(f"heads/{default_branch}", sha)
            return made

    def fork(self, repository: Place, owner: str) -> Repository:
        """A person's fork, named alike."""
        with self.world.lock:
            parent, account = self.repo(repository), self.user(owner)
            number, now = self.world.next_id(), self.world.clock.now()
            made = Repository(
                owner=account,
                name=parent.name,
                git=parent.git.fork(number),
                default_branch=parent.default_branch,
                created_at=now,
                pushed_at=now,
                private=parent.private,
                parent=parent,
            )
            self.world.register("R", made, number)
            self.world.repositories[number] = made
            return made

    def commit_on(self, git: GitRepo, parent: str | None, files: Files, message: str, author: Person) -> str:
        """A commit object of files, symlinks, submodules and deletions (None); moves no ref."""
        changes: dict[str, tuple[str, str] | None] = {}
        for path, content in files.items():
            if content is None:
                changes[path] = None
            elif isinstance(content, Link):
                changes[path] = ("120000", git.write_blob(content.target.encode()))
            elif isinstance(content, Submodule):
                changes[path] = ("160000", content.sha)
            else:
                data = content.encode() if isinstance(content, str) else content
                changes[path] = ("100644", git.write_blob(data))
        tree = git.write_tree(git.tree_of(parent) if parent else None, changes)
        return git.write_commit(tree, [parent] if parent else [], message, author, author)

    def protect(
        self,
        repository: Place,
        branch: str = "main",
        checks: Iterable[str] = (),
        reviews: int = 0,
        block_push: bool = False,
        app_id: int | None = None,
        strict: bool = False,
        dismiss_stale: bool = False,
    ) -> Protection:
        """Protect a branch: required checks (of ``app_id``), reviews, no direct pushes."""
        with self.world.lock:
            rules = Protection(
                checks=[(context, app_id) for context in checks],
                reviews=reviews,
                block_push=block_push,
                strict=strict,
                dismiss_stale=dismiss_stale,
            )
            self.repo(repository).protections[branch] = rules
            return rules

    def merge_queue(
        self,
        repository: Place,
        branch: str = "main",
        method: str = "merge",
        build: int = 5,
        minimum: int = 1,
        maximum: int = 5,
    ) -> MergeQueue:
        """Demand a merge queue on a branch: ``build`` entries at once, between ``minimum`` and ``maximum`` merged
        together; ``method`` merge, squash or rebase. What must be green is what ``protect`` says."""
        with self.world.lock:
            repo = self.repo(repository)
            made = MergeQueue(
                repo=repo, branch=branch, method=method, build=build, minimum=minimum, maximum=maximum
            )
            repo.queues[branch] = self.world.register("MQ", made)
            return made

    def rename(self, repository: Place, name: str) -> None:
        """Rename a repository; the old name redirects; ``repository.renamed``."""
        with self.world.lock:
            repo = self.repo(repository)
            before = repo.name
            repo.old_names.add(repo.full_name.lower())
            repo.name = name
            changes = {"repository": {"name": {"from": before}}}
            self.world.emit("repository", "renamed", repo, self._somebody(repo.owner), changes=changes)

    def transfer(self, repository: Place, owner: str) -> None:
        """Give a repository to another account; the old name redirects; ``repository.transferred``."""
        with self.world.lock:
            repo, before = self.repo(repository), self.repo(repository).owner
            repo.old_names.add(repo.full_name.lower())
            repo.owner = self.world.account(owner)
            changes = {"owner": {"from": {"organization": {"login": before.login, "id": before.id}}}}
            sender = self._somebody(repo.owner)
            self.world.emit("repository", "transferred", repo, sender, changes=changes)

    def pulls(self, repository: Place, state: str = "open") -> list[Pull]:
        """Pull requests there: ``open``, ``closed``, ``merged`` or ``all``; oldest first."""
        with self.world.lock:
            found = self.repo(repository).pulls
            if state == "merged":
                return [p for p in found if p.merged]
            return [p for p in found if state in (p.state, "all")]

    def listing(self, repository: Place) -> dict[str, Any]:
        """A repository as installation events list it (id, node_id, name, full_name, private)."""
        return brief(self.repo(repository))
