"""Guards: what is looked at, and what was found in it (rows G1, R8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

SHIPPED = ("autoheal_disabled", "alertmanager_urls", "digest_only", "protected_paths", "no_plain_secrets")
"""The guards that come with Lockstep; each is a field of `policy_after.Guards` and a file in `policies/guards/`."""
UNREADABLE = "unreadable"
"""The name under which a guarded file that cannot be read is found; there is no file of that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a guard found. `severity` is `deny` or `warn`; `line` counts from 1. Never holds a secret's text."""

    guard: str
    severity: str
    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardFile:
    """A file as it stands at a commit or on disk. `link`: a symbolic link, a submodule, a pipe: no file with content of
    its own; `too_large`: there is more than `data`, which is empty then; `unreadable`: why it could not be opened."""

    path: str
    data: bytes = b""
    link: bool = False
    too_large: bool = False
    unreadable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The promotion pull request that is looked at."""

    environment: str
    paths: tuple[str, ...]
    """Every path that it changes."""
    values: tuple[str, ...]
    """The environment's values files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One Rego guard: its name, where it stands, and its text. `own`: the team's, not Lockstep's."""

    name: str
    path: str
    source: str
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A module and the inputs it is asked about, one query each."""

    module: Module
    inputs: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a module said: for each input, rule name (`deny`, `warn_x` …) to its results. Or why it said nothing."""

    results: Sequence[Mapping[str, Sequence[Any]]] = ()
    error: str | None = None


class Engine(Protocol):
    """Evaluates Rego, bounded in time and memory, away from this process's memory, environment and files."""

    def shipped(self) -> Sequence[Module]:
        """The guards that come with Lockstep."""

    def evaluate(self, asked: Sequence[Asked]) -> Sequence[Answered]:
        """One answer for each module asked, in order. A broken, endless or greedy module has an `error` and hides no
        other's answer. Never raises for what a module does."""
