"""Folds ledger rows into counters and histograms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.decide.figures.numbers import Numbers
from bot.decide.names import BRANCH_PREFIX, kind_of_branch
from bot.model.ledger import LedgerEntry

REMEMBERED = 20_000
"""Promotions, releases and rollbacks whose beginnings are kept, to tell how long they took."""
REFUSED_RUN = ("run_url", "attempt")
"""What the details of a refused release have; its event is the reason."""
_BLOCKING = frozenset({"block", "unknown"})
_FIXES = frozenset({"rollback", "fix-forward"})


@dataclass(slots=True)
class _Pull:
    """What is kept of one promotion until it is over."""

    environment: str
    kind: str
    opened_at: datetime
    releases: tuple[str, ...] = ()
    waits: bool = False
    failed_at: datetime | None = None
    changed: bool | None = None
    """Whether it is counted as a change: None until it went live or failed, False when that was before the span."""
    counted: bool = False
    """Its failure is counted: one change fails once."""


@dataclass(slots=True)
class Tally(Numbers):
    """The numbers so far. Rows go in once each, oldest first; `since` leaves out what was before it, but not what it
    explains (when a promotion was opened that ended in time)."""

    _pulls: dict[tuple[int | None, int | None], _Pull] = field(default_factory=dict)
    _began: dict[str, datetime] = field(default_factory=dict)
    _asked: dict[str, tuple[datetime, int | None]] = field(default_factory=dict)
    """By rollback: since when it is wanted, and the pull request that it undoes."""

    def take(self, entry: LedgerEntry) -> None:
        """Count one row."""
        if entry.decision == "attempt":
            return  # an attempt to write is not a write; what came of it follows
        self.counting = self.since is None or entry.at >= self.since
        reader = _READERS.get(entry.event)
        if reader is not None:
            reader(self, entry)
        elif entry.decision == "refused" and set(REFUSED_RUN) <= set(entry.details):
            self.count("releases_refused", self.word("reason", entry.event))
        for memory in (self._pulls, self._began, self._asked):
            if len(memory) > REMEMBERED:
                memory.pop(next(iter(memory)))  # type: ignore[call-overload]  # each by its own kind of key

    def gauges(self) -> Mapping[str, Counter[tuple[str, ...]]]:
        """What holds now."""
        waiting: Counter[tuple[str, ...]] = Counter()
        waiting.update((each.environment,) for each in self._pulls.values() if each.waits)
        return {"lockstep_approvals_awaited": waiting}

    def environment(self, entry: LedgerEntry) -> str:
        """Where it happened: as the row says, else as its promotion's."""
        said = entry.details.get("environment")
        there = self._pulls.get(_key(entry))
        return self.word("environment", said) if said else there.environment if there else "other"

    # One method for each event; `_READERS` names them.

    def opened(self, entry: LedgerEntry) -> None:
        """`open_pull` done: the branch says where it goes and what it brings."""
        if entry.decision != "done":
            return
        branch = str(entry.details.get("branch", ""))
        name = branch.removeprefix(BRANCH_PREFIX).partition("/")[0]
        if not branch.startswith(BRANCH_PREFIX):
            return
        kind = kind_of_branch(branch)
        there = _Pull(environment=self.word("environment", name), kind=kind, opened_at=entry.at)
        self._pulls[_key(entry)] = there
        self.count("promotion_attempts", there.environment, kind)

    def merged(self, entry: LedgerEntry) -> None:
        """`promotion_merged`: the way of the pull request is over; the deployment's begins."""
        there = self._there(entry)
        there.waits = False
        there.kind = str(entry.details.get("kind") or there.kind)
        there.releases = tuple(map(str, entry.details.get("releases") or ()))
        seconds = entry.details.get("seconds", (entry.at - there.opened_at).total_seconds())
        self.observe("promotion", float(seconds), there.environment, there.kind)
        if there.kind == "alerts":
            self.count("promotion_successes", there.environment, there.kind)
            self._pulls.pop(_key(entry), None)

    def closed(self, entry: LedgerEntry) -> None:
        """`promotion_closed`."""
        there = self._there(entry)
        self.count("promotion_failures", there.environment, there.kind, "closed")
        self._pulls.pop(_key(entry), None)

    def deployed(self, entry: LedgerEntry) -> None:
        """`deployment`: a state was reached."""
        there, state = self._there(entry), str(entry.details.get("state"))
        if state == "live" and entry.details.get("was") != "rolling back":
            self._live(there, entry)
        elif state == "failed":
            there.failed_at = there.failed_at or entry.at
            if there.kind != "rollback":
                self.count("deployments", there.environment, "failed")
            self.count("promotion_failures", there.environment, there.kind, "deployment")
            self._change_failed(there)
        elif state in ("rolling back", "rolled back"):
            there.failed_at = there.failed_at or entry.at
            self._change_failed(there)

    def _live(self, there: _Pull, entry: LedgerEntry) -> None:
        if there.kind != "rollback":
            self.count("deployments", there.environment, "live")
        self._changed(there)
        self.count("promotion_successes", there.environment, there.kind)
        if there.failed_at is not None:
            self.observe("restore", (entry.at - there.failed_at).total_seconds(), there.environment)
            there.failed_at = None
        began = [self._began[each] for each in there.releases if each in self._began]
        if began and there.kind != "rollback":
            self.observe("lead_time", (entry.at - min(began)).total_seconds(), there.environment)

    def _changed(self, there: _Pull) -> None:
        """A change is one, however often it was tried until it went live. Going back is none."""
        if there.kind != "rollback" and there.changed is None:
            there.changed = self.counting
            self.count("changes", there.environment)

    def _change_failed(self, there: _Pull) -> None:
        """Counted with its change, so that no span has more failures than changes."""
        self._changed(there)
        if there.kind != "rollback" and not there.counted:
            there.counted = True
            if there.changed:
                self.count("change_failures", there.environment)

    def accepted(self, entry: LedgerEntry) -> None:
        """`release_accepted`."""
        self.count("releases_accepted")
        began = entry.details.get("began")
        self._began[str(entry.details.get("release"))] = datetime.fromisoformat(began) if began else entry.at

    def judged(self, entry: LedgerEntry) -> None:
        """`verdicts`: answers that changed."""
        there = self._there(entry)
        for gate, verdict in dict(entry.details.get("changed") or {}).items():
            name, outcome = self.word("gate", gate), self.word("verdict", verdict)
            self.count("gate_verdicts", there.environment, name, outcome)
            if outcome in _BLOCKING:
                self.count("validation_failures", there.environment, name)
            if gate == "approvals":
                there.waits = outcome == "wait"

    def approved(self, entry: LedgerEntry) -> None:
        """`approval`."""
        there = self._there(entry)
        self.count("approvals", there.environment)
        self.observe("approval_wait", (entry.at - there.opened_at).total_seconds(), there.environment)

    def overridden(self, entry: LedgerEntry) -> None:
        """`override` and `validation_overridden`: given or refused."""
        named = "validation" if entry.event == "validation_overridden" else entry.details.get("gate")
        gate = self.word("gate", named or "all")
        decision = "given" if entry.decision == "done" else "refused"
        self.count("overrides", self.environment(entry), gate, decision)

    def rollback_asked(self, entry: LedgerEntry) -> None:
        """`rollback_asked`: from here on it is to be restored. The environment is the subject's, at its end."""
        place = self.word("environment", (entry.subject or "").rpartition(":")[2])
        undoes = str(entry.details.get("undoes") or "")
        self._asked[str(entry.details.get("rollback"))] = (
            entry.at,
            int(undoes) if undoes.isdecimal() else None,
        )
        self.count("rollbacks", place, "asked")

    def rollback_merged(self, entry: LedgerEntry) -> None:
        """`rollback_merged`: the change that it undoes has failed; where none is named, the newest there. What is
        restored was broken since that failed, where that was before anybody asked."""
        place, key = self.environment(entry), str(entry.details.get("rollback"))
        self.count("rollbacks", place, "merged")
        asked, undoes = self._asked.get(key, (entry.at, None))
        named = str(entry.details.get("undoes") or "")
        undoes = int(named) if named.isdecimal() else undoes
        changes = (
            each
            for each in reversed(self._pulls.values())
            if each.environment == place and each.changed is not None
        )
        failed = self._pulls.get((entry.repository_id, undoes)) or next(changes, None)
        if failed is not None:
            self._change_failed(failed)
            self._asked[key] = (min(asked, failed.failed_at or asked), undoes)

    def rollback_closed(self, entry: LedgerEntry) -> None:
        """`rollback_closed`: without a merge."""
        self._asked.pop(str(entry.details.get("rollback")), None)
        self.count("rollbacks", self.environment(entry), "closed")

    def rollback_ended(self, entry: LedgerEntry) -> None:
        """`rollback_ended`: healthy again, or not, or nothing watches that."""
        place, healthy = self.environment(entry), entry.decision == "done"
        self.count(
            "rollbacks",
            place,
            {"done": "healthy", "skipped": "unwatched"}.get(entry.decision, "failed"),
        )
        asked = self._asked.pop(str(entry.details.get("rollback")), None)
        seconds = entry.details.get("seconds")
        if healthy and seconds:
            self.observe("rollback", float(seconds), place)
        if healthy and asked is not None:
            self.observe("restore", (entry.at - asked[0]).total_seconds(), place)

    def validated(self, entry: LedgerEntry) -> None:
        """`validation_passed`, `validation_failed`."""
        outcome = entry.event.removeprefix("validation_")
        self.count("production_validations", self.environment(entry), outcome)

    def incident(self, entry: LedgerEntry) -> None:
        """Every `incident_…` row of a production validation."""
        if entry.decision != "done":
            return
        place, stage, details = self.environment(entry), entry.event.removeprefix("incident_"), entry.details
        self.count("incidents", place, stage)
        if stage != "closed":
            return
        for name, key in (
            ("incident_acknowledge", "acknowledged_after"),
            ("incident_resolve", "closed_after"),
        ):
            if details.get(key) is not None:
                self.observe(name, float(details[key]), place)
        self.count("incident_alerts", place, by=int(details.get("alerts") or 0))
        if details.get("decided") in _FIXES and not details.get("false_positive"):
            self.count("incidents_acted", place)

    def pushed(self, _: LedgerEntry) -> None:
        """`direct_push`."""
        self.count("direct_pushes")

    def _there(self, entry: LedgerEntry) -> _Pull:
        """The promotion that a row is about; one whose opening is not on record is as old as the row."""
        key = _key(entry)
        if key not in self._pulls:
            place = self.word("environment", entry.details.get("environment"))
            self._pulls[key] = _Pull(environment=place, kind="promotion", opened_at=entry.at)
        return self._pulls[key]


def _key(entry: LedgerEntry) -> tuple[int | None, int | None]:
    return entry.repository_id, entry.pull_number


_READERS: Mapping[str, Callable[[Tally, LedgerEntry], None]] = {
    "open_pull": Tally.opened,
    "promotion_merged": Tally.merged,
    "promotion_closed": Tally.closed,
    "deployment": Tally.deployed,
    "release_accepted": Tally.accepted,
    "verdicts": Tally.judged,
    "approval": Tally.approved,
    "override": Tally.overridden,
    "validation_overridden": Tally.overridden,
    "rollback_asked": Tally.rollback_asked,
    "rollback_merged": Tally.rollback_merged,
    "rollback_closed": Tally.rollback_closed,
    "rollback_ended": Tally.rollback_ended,
    "validation_passed": Tally.validated,
    "validation_failed": Tally.validated,
    "incident_opened": Tally.incident,
    "incident_acknowledged": Tally.incident,
    "incident_decided": Tally.incident,
    "incident_escalated": Tally.incident,
    "incident_false_positive": Tally.incident,
    "incident_closed": Tally.incident,
    "direct_push": Tally.pushed,
}
EVENTS = frozenset(_READERS)
"""The events that are counted; refused releases come under many more names."""
