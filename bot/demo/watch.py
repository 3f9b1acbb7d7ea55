"""What is seen of the real system: the local GitHub's events, and the store's deliveries and ledger.

Nothing is made up. Each look returns what is new since the last one, in the order in which it happened.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.adapters.store import Store
from bot.demo.slack import words
from bot.demo.town import CONFIG, Town
from bot.model.ledger import LedgerRow
from bot.sandbox.state import Event, Pull

_DELIVERIES = (
    "select id, event, action, subject, received_at, completed_at, outcome"
    " from deliveries order by received_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One thing that happened: `kind` for programs, `facts` for the sentence, `link` for people."""

    at: datetime
    kind: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    link: str | None = None


class Watch:
    """Remembers what was seen of one town and one store."""

    def __init__(self, town: Town, store: Store) -> None:
        self._town = town
        self._store = store
        self._seen: set[object] = set()
        self._row = 0
        self._events: queue.SimpleQueue[Sighting] = queue.SimpleQueue()
        self._left: dict[str, datetime] = {}
        # The local GitHub's clock counts whole seconds, as GitHub's does; listening tells the moment.
        # First in the row: the local GitHub's CI answers to an event before the next listener hears of it.
        town.github.world.sinks.insert(0, self._on_event)
        town.github.on_webhook(self._on_webhook)

    def look(self) -> list[Sighting]:
        """What is new since the last look, oldest first. Raises Retryable when the database does not answer."""
        found = [*self._webhooks(), *self._inbox(), *self._ledger()]
        with suppress(queue.Empty):
            while True:
                found.append(self._events.get_nowait())
        return sorted(found, key=lambda each: each.at)

    def _on_event(self, event: Event) -> None:
        """Called by the local GitHub, inside its lock, when something happens."""
        kind = f"github.{event.name}.{event.action}"
        facts: dict[str, Any] = {"by": event.sender.login, "own": event.sender is self._town.app.bot}
        link = None
        if event.name == "workflow_run":
            run = event.subject["run"]
            facts |= {
                "run": run.number,
                "repository": run.repo.full_name,
                "conclusion": run.conclusion,
                "title": run.title,
                "artifacts": [each.name for each in run.artifacts],
            }
            link = f"{self._town.github.base_url}/{run.repo.full_name}/actions/runs/{run.id}"
        elif event.name == "check_run":
            check = event.subject["check_run"]
            pull = self._pull_at(check.head_sha)
            facts |= {
                "name": check.name,
                "conclusion": check.conclusion,
                "title": check.output.get("title") or "",
            }
            if pull is None:
                facts["sha"] = check.head_sha
                kind = f"github.commit_check.{event.action}"
                self._events.put(Sighting(at=datetime.now(UTC), kind=kind, facts=facts))
                return
            facts |= {"own": check.app is self._town.app, "status": check.status} | _about(pull)
            facts["pull_title"] = pull.title
            link = self._town.url(pull)
        elif isinstance(pull := event.subject.get("pull") or event.subject.get("issue"), Pull):
            facts |= {"title": pull.title, "merged": pull.merged, "base": pull.base_ref} | _about(pull)
            if "review" in event.subject:
                facts["state"] = event.subject["review"].state.lower()
            link = self._town.url(pull)
        if "comment" in event.subject:
            facts |= {"number": event.subject["issue"].number, "body": event.subject["comment"].body}
        self._events.put(Sighting(at=datetime.now(UTC), kind=kind, facts=facts, link=link))

    def told(self, message: Mapping[str, Any]) -> None:
        """A message has reached the trial's Slack."""
        buttons = [each for block in message["blocks"] for each in block.get("elements", ()) if "url" in each]
        facts = {"title": str(message["text"]), "words": words(message)}
        link = str(buttons[0]["url"]) if buttons else None
        self._events.put(Sighting(at=datetime.now(UTC), kind="slack.told", facts=facts, link=link))

    def _pull_at(self, sha: str) -> Pull | None:
        pulls = self._town.github.pulls(CONFIG, "all")
        return next((pull for pull in pulls if pull.head_sha == sha), None)

    def _on_webhook(self, headers: Mapping[str, str], _body: bytes) -> None:
        self._left[headers["X-GitHub-Delivery"]] = datetime.now(UTC)

    def _webhooks(self) -> Iterator[Sighting]:
        """Deliveries that were answered, or not."""
        with self._town.github.world.lock:
            ended = [sent for sent in self._town.github.webhooks.log if sent.status != "pending"]
        for sent in ended:
            if self._new(("webhook", sent.id)):
                name = f"{sent.event}.{sent.action}" if sent.action else sent.event
                facts = {
                    "name": name,
                    "guid": sent.guid,
                    "status": sent.status_code,
                    "seconds": sent.duration,
                }
                left = self._left.get(sent.guid, sent.delivered_at)
                yield Sighting(at=left + timedelta(seconds=sent.duration), kind="webhook", facts=facts)

    def _inbox(self) -> Iterator[Sighting]:
        """Deliveries that the store has, and those whose job is done."""
        for row in self._store.database.rows(_DELIVERIES):
            name = f"{row['event']}.{row['action']}" if row["action"] else row["event"]
            facts = {"name": name, "guid": row["id"], "subject": row["subject"]}
            if self._new(("stored", row["id"])):
                yield Sighting(at=row["received_at"], kind="stored", facts=facts)
            if row["completed_at"] and self._new(("done", row["id"])):
                took = (row["completed_at"] - row["received_at"]).total_seconds()
                done = {**facts, "outcome": row["outcome"], "seconds": took}
                yield Sighting(at=row["completed_at"], kind="job.done", facts=done)

    def _ledger(self) -> Iterator[Sighting]:
        """Rows of the ledger that are new."""
        for row in self._store.ledger.rows(after=self._row):
            self._row = max(self._row, row.seq)
            yield self._row_seen(row)

    def _row_seen(self, row: LedgerRow) -> Sighting:
        entry = row.entry
        facts: dict[str, Any] = {
            "event": entry.event,
            "decision": entry.decision,
            "reason": entry.reason,
            "by": entry.actor_login,
            "details": dict(entry.details),
        }
        pulls = {each.number: each for each in self._town.github.pulls(CONFIG, "all")}
        pull = pulls.get(entry.pull_number or 0) if entry.event != "release_accepted" else None
        facts |= _about(pull) if pull else {}
        link = self._town.url(pull) if pull else str(entry.details.get("run_url") or "") or None
        return Sighting(at=entry.at, kind=f"ledger.{entry.event}.{entry.decision}", facts=facts, link=link)

    def _new(self, key: object) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def _about(pull: Pull) -> dict[str, Any]:
    """A pull request's number and, for one of Lockstep's, its environment."""
    ours = pull.head_ref.startswith("lockstep/")
    return {"number": pull.number, "environment": pull.head_ref.split("/")[1] if ours else ""}
