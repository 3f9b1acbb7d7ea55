"""What is known of an installation from earlier answers of this process, so that it need not be asked again.

Nothing here is trusted as a fact: repositories are addressed by node id, so that a rename is harmless; labels that have
gone and trees that are unknown are asked for when they are needed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.model.facts import Commit, Repository

MOST_TREES = 1000
MOST_CHECKS = 1000
MOST_HISTORIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCheck:
    """What decides whether a check run can be renewed where it stands."""

    completed: bool
    annotated: bool


class Known:
    """Repositories by id, label node ids by repository, trees by commit, our check runs. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._repositories: dict[int, Repository] = {}
        self._labels: dict[int, dict[str, str]] = {}
        self._trees: OrderedDict[str, str] = OrderedDict()
        self._checks: OrderedDict[str, KnownCheck] = OrderedDict()
        self._histories: OrderedDict[tuple[str, str], tuple[Commit, ...]] = OrderedDict()
        self.bot_id: int | None = None
        """The App's bot, as the viewer of an earlier answer."""

    def repository(self, repository_id: int) -> Repository | None:
        """The repository as last seen."""
        with self._lock:
            return self._repositories.get(repository_id)

    def named(self, full_name: str) -> Repository | None:
        """The repository that had this name when last seen."""
        with self._lock:
            wanted = full_name.lower()
            found = (r for r in self._repositories.values() if r.full_name.lower() == wanted)
            return next(found, None)

    def remember(self, repositories: Iterable[Repository]) -> None:
        """Takes in repositories as they are now. A name that moved to another id is the newer one's alone."""
        with self._lock:
            for repository in repositories:
                name = repository.full_name.lower()
                for other in list(self._repositories.values()):
                    if other.full_name.lower() == name and other.id != repository.id:
                        del self._repositories[other.id]
                self._repositories[repository.id] = repository

    def suggest(self, repositories: Iterable[Repository]) -> None:
        """Takes in repositories from elsewhere, whose names may be old: what GitHub said itself stays."""
        with self._lock:
            taken = {repository.full_name.lower() for repository in self._repositories.values()}
            for repository in repositories:
                if repository.id not in self._repositories and repository.full_name.lower() not in taken:
                    self._repositories[repository.id] = repository

    def replace(self, repositories: Iterable[Repository]) -> None:
        """Takes in the complete list: what is not in it is forgotten."""
        with self._lock:
            self._repositories = {repository.id: repository for repository in repositories}

    def forget_named(self, full_name: str) -> None:
        """Forgets a repository whose name GitHub answered with a redirect (attack case 25)."""
        with self._lock:
            for repository in list(self._repositories.values()):
                if repository.full_name.lower() == full_name.lower():
                    del self._repositories[repository.id]

    def label(self, repository_id: int, name: str) -> str | None:
        """A label's node id; names are the same in upper and lower case, as on GitHub."""
        with self._lock:
            return self._labels.get(repository_id, {}).get(name.lower())

    def remember_labels(self, repository_id: int, labels: Mapping[str, str]) -> None:
        """Takes in labels, name to node id."""
        with self._lock:
            kept = self._labels.setdefault(repository_id, {})
            kept.update({name.lower(): node_id for name, node_id in labels.items()})

    def forget_labels(self, repository_id: int) -> None:
        """Forgets a repository's labels, because GitHub no longer knew one of them."""
        with self._lock:
            self._labels.pop(repository_id, None)

    def check(self, node_id: str) -> KnownCheck:
        """How one of our check runs stood when last seen; an unknown one counts as plain and unfinished."""
        with self._lock:
            return self._checks.get(node_id, KnownCheck(completed=False, annotated=False))

    def remember_check(self, node_id: str, check: KnownCheck) -> None:
        """Takes in how a check run stands; the oldest are dropped."""
        with self._lock:
            self._checks[node_id] = check
            self._checks.move_to_end(node_id)
            while len(self._checks) > MOST_CHECKS:
                self._checks.popitem(last=False)

    def history(self, full_name: str, new: str) -> tuple[Commit, ...] | None:
        """The newest commits of `new`; what a commit's id stands for never changes."""
        with self._lock:
            return self._histories.get((full_name.lower(), new))

    def remember_history(self, full_name: str, new: str, commits: tuple[Commit, ...]) -> None:
        """Takes in the newest commits of `new`; the oldest histories are dropped."""
        with self._lock:
            self._histories[full_name.lower(), new] = commits
            while len(self._histories) > MOST_HISTORIES:
                self._histories.popitem(last=False)

    def tree(self, commit: str) -> str | None:
        """The tree of a commit."""
        with self._lock:
            return self._trees.get(commit)

    def remember_tree(self, commit: str, tree: str) -> None:
        """Takes in a commit's tree, which never changes; the oldest are dropped."""
        with self._lock:
            self._trees[commit] = tree
            while len(self._trees) > MOST_TREES:
                self._trees.popitem(last=False)
