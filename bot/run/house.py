"""The parts that a look needs, handed in by `wiring`: the store, GitHub by installation, the clock, the readers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.model.apart import Apart
from bot.model.facts import Unknown
from bot.model.guards import Engine, Module
from bot.model.image import ImageAt
from bot.model.ledger import LedgerEntry
from bot.model.measurements import Compared
from bot.model.policy import Policy
from bot.model.ports import GitHub
from bot.model.ports_gates import Readers, Report, Wanted
from bot.model.ports_notify import Messenger, Nobody
from bot.model.ports_store import Store
from bot.model.probes import Amtool, Promtool
from bot.model.snapshot import PolicyResult
from bot.model.subject import Subject
from bot.model.verdict import Verdict

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything from outside. `clock` returns aware UTC; `web_url` is GitHub's web address."""

    store: Store
    github: Callable[[int], GitHub]
    """An installation with a token for the repositories that the rules name."""
    whole_installation: Callable[[int], GitHub]
    """An installation with a token for all its repositories: for finding out which there are."""
    clock: Callable[[], datetime]
    load_policy: Callable[[Mapping[str, bytes], str], PolicyResult]
    """Rules files by path and the commit they stand at, to a policy or errors."""
    outline: Callable[[bytes], Mapping[str, str] | None]
    """A rules file's dotted keys with their values in words; None when it cannot be read."""
    rules_paths: tuple[str, ...]
    read_artifact: Callable[[bytes], bytes]
    """A zipped artifact to the bytes of its one member `component-tags.json`; raises UserError."""
    read_bundles: Callable[[bytes], Mapping[str, Mapping[str, bytes]]]
    """A zipped artifact of rendered alert rules to each environment's files by name; raises UserError."""
    probers: Callable[[], tuple[Promtool, Callable[[], Amtool]]]
    """promtool, and amtool when it is needed, confined; raises UserError that says how to install what is missing."""
    apart: Apart
    """Does pure work on hostile files in a process of its own, with limits."""
    web_url: str
    readers: Readers
    """What the gates are measured with."""
    engine: Engine
    """Evaluates the guards."""
    messenger: Messenger = field(default_factory=Nobody)
    """The channels by which people are told; only the look at what the ledger says uses them."""
    told_plans: dict[int, object] = field(default_factory=dict)
    """By config repository: who is told what, as it was kept last, so that it is written only when it changes."""
    version: str = ""
    """Lockstep's own, for the evidence records."""
    last_policy: dict[int, Policy] = field(default_factory=dict)
    """By config repository: what its rules named last, so that one question can ask for the right files. Never decided
    on; the rules that count come with the snapshot."""
    reports: dict[tuple[int, int, Wanted], Report | Unknown] = field(default_factory=dict)
    """By repository and artifact id: what its reports say, or why they cannot be read. Its bytes never change."""
    owner_errors: dict[tuple[int, str, str], Mapping[int, tuple[str, ...]]] = field(default_factory=dict)
    """By repository, CODEOWNERS file's id and pull request's head: what GitHub said of its lines."""
    team_guards: dict[tuple[int, str, str], tuple[Module, ...]] = field(default_factory=dict)
    """By repository, commit and directory: the team's own guards. Only the newest are kept."""
    values: dict[tuple[int, str, str], Mapping[str, ImageAt]] = field(default_factory=dict)
    """By repository, commit and environment: the images in its values files."""
    proven: dict[tuple[Hashable, ...], Any] = field(default_factory=dict)
    """Images that a registry has, and what was verified of them, by what was asked. A digest's bytes never change."""
    alerts: dict[tuple[object, ...], tuple[Verdict | None, datetime]] = field(default_factory=dict)
    """What was found about alert files and when, by their Git ids and what else decides."""
    bundles: dict[tuple[int, int], Mapping[str, Mapping[str, bytes]] | Unknown] = field(default_factory=dict)
    """By repository and artifact id: the alert bundles that CI rendered, or why they cannot be read."""
    compared: dict[tuple[int, str, str], Compared] = field(default_factory=dict)
    """By repository and two commits: how the second relates to the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How a look ended, for the delivery's record and the log."""

    outcome: str


def whole(function: Callable[Concatenate[House, P], T]) -> Callable[Concatenate[House, P], T]:
    """For functions that put several things on record and ask nobody outside of the store: a row of the ledger and what
    it stands for are kept together or not at all, so a worker's death neither doubles nor loses a row (case 100)."""

    @wraps(function)
    def together(house: House, /, *values: P.args, **more: P.kwargs) -> T:
        with house.store.together():
            return function(house, *values, **more)

    return together


def is_news(house: House, subject: Subject, about: str, text: str) -> bool:
    """Whether `text` differs from what was last said of the subject about this; from now on it is what was said.

    What has not changed is not said again by every sweep. Empty text ends the matter.
    """
    key = f"said:{subject}:{about}"
    if (house.store.marks.get(key) or "") == text:
        return False
    house.store.marks.put(key, text)
    return bool(text)


def note_news(
    house: House, subject: Subject, event: str, decision: str, why: str, *, about: str, **more: object
) -> bool:
    """A ledger row when `why` is news about this (`is_news`); whether it was. `more` as for `note`. The row is kept
    with the mark that it was said, or neither."""
    with house.store.together():
        news = is_news(house, subject, about, why)
        if news:
            note(house, subject, event, decision, why, **more)
        return news


def refusal_key(repository_id: int, pull_number: int) -> str:
    """The mark that keeps why GitHub refused a merge, so that it is not provoked by every sweep."""
    return f"merge refused:{repository_id}:{pull_number}"


def queue_key(repository_id: int, pull_number: int) -> str:
    """The mark under which a pull request's place in the merge queue is kept, to know what GitHub threw out."""
    return f"in merge queue:{repository_id}:{pull_number}"


def note(
    house: House,
    subject: Subject,
    event: str,
    decision: str,
    reason: str,
    **more: object,
) -> bool:
    """One ledger row about a subject; `more` are fields of `LedgerEntry`. False when an act of that `once` has its
    row: a worker that did not live to finish it wrote it."""
    fields: dict[str, object] = {
        "at": house.clock(),
        "event": event,
        "decision": decision,
        "reason": reason,
        "subject": str(subject),
        "installation_id": subject.installation_id,
        "repository_id": subject.repository_id,
        **more,
    }
    return house.store.ledger.write(LedgerEntry(**fields)) != 0  # type: ignore[arg-type]  # the fields are LedgerEntry's own
