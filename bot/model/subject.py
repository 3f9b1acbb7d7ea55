"""Subjects: what a worker looks at, one at a time. A subject's text is its lock and its queueing lock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds of subject."""

    SOURCE = "source"
    """An app repository: which of its runs hand over a release?"""
    ENVIRONMENT = "environment"
    """An environment of a config repository: what should be proposed for it?"""
    PULL = "pull"
    """A pull request of a config repository: may it be merged, and why?"""
    REPOSITORY = "repository"
    """A config repository: its rules, its pushes, its open pull requests."""
    DEPLOYMENT = "deployment"
    """A merged promotion of a config repository: is it live, and what is next?"""
    INSTALLATION = "installation"
    """An installation: which repositories does it cover, and which of them hold rules?"""
    VALIDATION = "validation"
    """A config repository's production validation: may the repositories that it blocks deploy, and who responds?"""
    TIDINGS = "tidings"
    """A config repository: who is to be told of what the ledger says about it?"""
    ALERTS = "alerts"
    """The alerts that came in, of all installations: which of them ask for a rollback?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at. `str(subject)` and `Subject.parse` are inverse."""

    kind: Kind
    installation_id: int
    repository_id: int | None = None
    name: str | None = None
    """The environment's name, or the pull request's number."""

    def __str__(self) -> str:
        parts: list[str] = [self.kind.value, str(self.installation_id)]
        if self.repository_id is not None:
            parts.append(str(self.repository_id))
        if self.name is not None:
            parts.append(self.name)
        return ":".join(parts)

    @classmethod
    def parse(cls, text: str) -> Subject:
        """Reads what `str` wrote. Raises ValueError for anything else."""
        kind, installation, *rest = text.split(":", 3)
        return cls(
            kind=Kind(kind),
            installation_id=int(installation),
            repository_id=int(rest[0]) if rest else None,
            name=rest[1] if len(rest) > 1 else None,
        )

    @property
    def number(self) -> int:
        """The pull request's number. Raises ValueError when this subject is no pull request, nor what came of one."""
        if self.kind not in (Kind.PULL, Kind.DEPLOYMENT) or self.name is None:
            raise ValueError(f"{self} is not a pull request")
        return int(self.name)

    @property
    def repository(self) -> int:
        """The repository's numeric id. Raises ValueError when this subject has none."""
        if self.repository_id is None:
            raise ValueError(f"{self} names no repository")
        return self.repository_id


def source(installation_id: int, repository_id: int) -> Subject:
    """An app repository."""
    return Subject(kind=Kind.SOURCE, installation_id=installation_id, repository_id=repository_id)


def environment(installation_id: int, repository_id: int, name: str) -> Subject:
    """An environment of the config repository `repository_id`."""
    return Subject(
        kind=Kind.ENVIRONMENT, installation_id=installation_id, repository_id=repository_id, name=name
    )


def pull(installation_id: int, repository_id: int, number: int) -> Subject:
    """A pull request."""
    return Subject(
        kind=Kind.PULL, installation_id=installation_id, repository_id=repository_id, name=str(number)
    )


def deployment(installation_id: int, repository_id: int, number: int) -> Subject:
    """What came of a pull request: its deployment."""
    return Subject(
        kind=Kind.DEPLOYMENT, installation_id=installation_id, repository_id=repository_id, name=str(number)
    )


def repository(installation_id: int, repository_id: int) -> Subject:
    """A repository as a whole."""
    return Subject(kind=Kind.REPOSITORY, installation_id=installation_id, repository_id=repository_id)


def validation(installation_id: int, repository_id: int) -> Subject:
    """The production validation of a config repository."""
    return Subject(kind=Kind.VALIDATION, installation_id=installation_id, repository_id=repository_id)


def tidings(installation_id: int, repository_id: int) -> Subject:
    """What people are told about a config repository. The database plans it by this text."""
    return Subject(kind=Kind.TIDINGS, installation_id=installation_id, repository_id=repository_id)


def installation(installation_id: int) -> Subject:
    """An installation as a whole."""
    return Subject(kind=Kind.INSTALLATION, installation_id=installation_id)


def alerts() -> Subject:
    """What Alertmanager has sent. An alert names an environment, not an installation, so there is one for all."""
    return Subject(kind=Kind.ALERTS, installation_id=0)
