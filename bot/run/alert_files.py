"""A repository's files at one commit, as probes read them: the alert folders that are known, the rest when asked for.

A runbook or a rule file may stand anywhere in the repository. Whoever writes the pull request chooses those paths, so
what is asked of GitHub for them is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.decide.drift.facts import is_below
from bot.errors import UserError
from bot.model.facts import Unknown
from bot.model.ports import GitHub
from bot.model.tree import Tree, TreeFile

MOST_LOOKUPS = 100
"""Paths outside the alert folders that are looked up for one probe."""


class TooManyLookups(UserError):
    """The alert files name more places elsewhere in the repository than are looked up."""


class HeadFiles:
    """`bot.model.probes.Files` over a commit. Links and submodules are nothing; nothing leads out (case 50)."""

    def __init__(
        self, github: GitHub, repository_id: int, commit: str, trees: Mapping[str, Tree | Unknown]
    ) -> None:
        self._github, self._repository_id, self._commit = github, repository_id, commit
        self._trees = dict(trees)
        self._lookups = 0

    def read(self, path: str) -> bytes | None:
        """The bytes of a plain file; None when there is none, it is a link, or too large. Raises TooManyLookups."""
        found = self._tree(path)
        file = found.files.get(path) if found else None
        return file.data if file is not None and file.is_regular else None

    def entries(self, folder: str) -> Sequence[str]:
        """The names in a folder, sorted, folders with `/`; links are left out. Raises TooManyLookups."""
        known = self._known(folder)
        if known is None:
            self._count()
            return sorted(self._github.entries(self._repository_id, self._commit, folder))
        found = self._trees[known]
        return sorted(_names(found.files.values(), folder)) if isinstance(found, Tree) else ()

    def _tree(self, path: str) -> Tree | None:
        known = self._known(path)
        if known is None:
            self._count()
            self._trees |= self._github.trees(self._repository_id, self._commit, [path])
            known = path
        found = self._trees[known]
        return found if isinstance(found, Tree) else None

    def _known(self, path: str) -> str | None:
        return next((each for each in self._trees if is_below(path, each)), None)

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > MOST_LOOKUPS:
            raise TooManyLookups(
                f"the alert files name more than {MOST_LOOKUPS} places outside the folders under `alerts`; "
                "name the folder of the runbooks as alerts.runbooks"
            )


def _names(files: Iterable[TreeFile], folder: str) -> set[str]:
    names: set[str] = set()
    for file in files:
        rest = file.path.removeprefix(f"{folder}/")
        if rest != file.path and file.is_regular:
            first, slash, _ = rest.partition("/")
            names.add(f"{first}/" if slash else first)
    return names
