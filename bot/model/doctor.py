"""What `lockstep doctor` finds of an installation, and what it says of it (row G9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from bot.model.snapshot import PolicyResult
from bot.model.tidings import ChannelState


class State(Enum):
    """What a line of the report says."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_USED = "not used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One check: what was looked at, how it is, and what to do next. `silent`: wrong because nobody answered."""

    area: str
    check: str
    state: State
    says: str
    next_step: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something could not be read. `silent`: nobody answered; asking again later may help."""

    why: str
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The App as GitHub knows it. `skew`: seconds that this machine's clock is ahead of GitHub's, where it is told."""

    id: int
    slug: str
    name: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    skew: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The App's webhook: where GitHub sends, how, and whether it signs."""

    url: str
    content_type: str
    verifies_tls: bool
    has_secret: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Deliveries of the last days that never arrived, by what the receiver answered, and when the last one was."""

    by_status: Mapping[int, int]
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One account with the App. `configs`: its config repositories; None where they were not looked for."""

    id: int
    account: str
    suspended: bool
    allowed: bool
    permissions: Mapping[str, str]
    configs: tuple[Config, ...] | Trouble = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What protects a branch. `checks`: the context of each required check, and the App it must come from."""

    protected: bool
    checks: tuple[tuple[str, int | None], ...]
    pull_requests: bool | None
    """Whether nothing gets there but by pull request; None: classic protection, which does not show it to Apps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One config repository on its default branch. `owners`: where CODEOWNERS stands, "" when there is none."""

    repository: str
    branch: str
    rules: PolicyResult
    owners: str | Trouble
    owner_errors: Mapping[int, tuple[str, ...]] | Trouble
    protection: Protection | Trouble
    teams: Mapping[str, int | Trouble]
    """Each team that the rules name, and how many members it shows."""
    unseen: tuple[str, ...] = ()
    """Repositories that the rules name and the App does not see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A server or tool: whether it is set up (`used`), what it said, or why not. `needed_by`: what asks for it."""

    name: str
    setting: str
    used: bool
    said: str | Trouble = ""
    needed_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that was looked at. None: it was not, because something before it was wrong."""

    settings: tuple[str, ...] = ()
    """A sentence for each setting that is wrong."""
    warnings: tuple[str, ...] = ()
    database: str | Trouble | None = None
    queue: Mapping[str, float] | Trouble | None = None
    channels: tuple[ChannelState, ...] | Trouble = ()
    """How each channel does by which people are told."""
    asked: frozenset[str] = frozenset()
    """Repositories, in small letters, about whose deployments GitHub has asked."""
    app_id: int = 0
    wanted_permissions: Mapping[str, str] = field(default_factory=dict)
    """What `app.yml` asks for."""
    least_permissions: Mapping[str, str] = field(default_factory=dict)
    """What nothing works without."""
    wanted_events: tuple[str, ...] = ()
    identity: Identity | Trouble | None = None
    hook: Hook | Trouble | None = None
    failed: Failed | Trouble | None = None
    installed: tuple[Installed, ...] | Trouble | None = None
    services: tuple[Service, ...] = ()
