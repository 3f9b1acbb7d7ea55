"""GitHub's own security findings of a repository: code scanning and Dependabot."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(kw_only=True, eq=False)
class CodeAnalysis:
    """One upload of a scanner about a commit of a ref."""

    id: int
    ref: str
    commit_sha: str
    created_at: datetime
    tool: str = "CodeQL"
    error: str = ""


@dataclass(kw_only=True, eq=False)
class CodeAlert:
    """A finding on a ref. ``severity``: ``critical`` … ``low``, or None; ``level``: the rule's own."""

    number: int
    ref: str
    commit_sha: str
    rule: str
    severity: str | None
    level: str
    path: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    fixed_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class DependencyAlert:
    """A vulnerable dependency of the default branch."""

    number: int
    package: str
    severity: str
    ghsa: str
    manifest: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    fixed_at: datetime | None = None


@dataclass(kw_only=True, eq=False)
class Security:
    """What is on, and what was found."""

    code_scanning: bool = True
    dependabot: bool = True
    analyses: list[CodeAnalysis] = field(default_factory=list)
    code_alerts: list[CodeAlert] = field(default_factory=list)
    dependency_alerts: list[DependencyAlert] = field(default_factory=list)
