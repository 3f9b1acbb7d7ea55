"""The branch that is watched, with what its files are asked through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.decide.codeowners import CODEOWNERS_PATHS
from bot.model.facts import Repository, RepositoryFile, Unknown
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.subject import Subject
from bot.run.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One repository's default branch; `policy` None: the rules are invalid now."""

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
