"""The demo while it runs: looks, tells, acts as the people of the town, and answers other terminals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.adapters.store import Store
from bot.demo import alerting, validating
from bot.demo import town as towns
from bot.demo.children import Child
from bot.demo.cluster import Cluster
from bot.demo.screen import Screen
from bot.demo.telling import patience, sentence
from bot.demo.town import Town
from bot.demo.trip import BAD, COMMAND, Trip
from bot.demo.watch import Sighting, Watch
from bot.errors import Retryable, UserError
from bot.sandbox.errors import Refused
from bot.sandbox.state import Pull

LOOK_EVERY = 0.05
"""Seconds between two looks at what has happened."""
STEP_WITHIN = 150.0
"""Seconds without a step after which the trip counts as stuck: GitHub's limit alone may hold it for a minute."""
SETTLES_WITHIN = 15.0
LIMIT_WITHIN = timedelta(minutes=1)
"""How long GitHub's limit for writes may hold things up."""
CI_SECONDS = 1.2
"""How long the config repository's checks take, so that one sees them run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the demo was asked for. `port` is the web process's; None: a free one. `home` None: a temporary one."""

    once: bool
    port: int | None = None
    home: Path | None = None
    as_json: bool = False


@dataclass(kw_only=True)
class Demo:
    """Everything that runs."""

    options: Options
    screen: Screen
    town: Town
    store: Store
    watch: Watch
    processes: tuple[Child, ...]
    board: str
    over: threading.Event
    trip: Trip
    cluster: Cluster
    waits_since: datetime | None = None
    """When it was last told that Lockstep waits for GitHub's limit."""

    def look(self) -> bool:
        """Tells what is new; whether the trip came forward. Raises ChildFailed when a process has ended."""
        for child in self.processes:
            child.check()
        try:
            found = self.watch.look()
        except Retryable:
            return False  # the database is being started again; the next look will tell
        forward = [self._take(sighting) for sighting in found]
        return any(forward)

    def _take(self, seen: Sighting) -> bool:
        step = self.trip.take(seen)
        if self.screen.start is None and "ci_finished" in self.trip.at:
            self.screen.start = self.trip.at["ci_finished"]
        words = None if self._waits_still(seen) else sentence(seen)
        if words:
            bad = seen.kind.endswith((".refused", ".failed")) or seen.facts.get("conclusion") == "failure"
            self.screen.tell(seen.at, words, seen.link, step=step, bad=bad)
        pull = self.town.pull_to("dev")
        if (
            step
            and pull is not None
            and seen.kind == "github.pull_request.opened"
            and seen.facts["environment"] == "dev"
        ):
            self.screen.diff(self.town.diff(pull))
        return step

    def _waits_still(self, seen: Sighting) -> bool:
        """Whether it says again that GitHub's limit is waited for: all that waits says so, and once is enough."""
        if not patience(seen.facts):
            return False
        still = self.waits_since is not None and seen.at < self.waits_since + LIMIT_WITHIN
        self.waits_since = self.waits_since if still else seen.at
        return still

    def travel(self) -> None:
        """Installs the App, then the first release's trip, until it is over, interrupted, or stuck."""
        towns.open_for_business(self.town, ci_seconds=CI_SECONDS)
        self.settle()
        self.town.release()
        cues, last = dict(self._cues()), time.monotonic()
        while not (self.over.is_set() or self.trip.is_over or time.monotonic() - last > STEP_WITHIN):
            if self.look():
                last = time.monotonic()
            for key in [key for key in cues if key in self.trip.at]:
                cues.pop(key)()
            self.over.wait(LOOK_EVERY)

    def _cues(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """What the people and the CI of the town do, each after the step that it waits for."""
        github, town = self.town.github, self.town

        def there(environment: str) -> Pull:
            found = town.pull_to(environment)
            if found is None:
                raise UserError(f"There is no pull request to {environment}.")
            return found

        yield "dev_merged", lambda: github.comment(there("dev"), towns.PLATFORM, COMMAND)
        yield "staging_measures", town.end_to_end_passes
        yield "staging_judged", lambda: github.review(there("staging"), towns.REVIEWER)
        yield "evidence_recorded", lambda: alerting.forget_to_render(github)
        yield "drift_found", lambda: alerting.render(github)
        yield "drift_mended", self._bad_release
        yield "bad_in_dev", lambda: github.comment(there("dev"), towns.PLATFORM, COMMAND)
        yield "bad_opened", town.end_to_end_passes
        yield "bad_judged", lambda: github.review(there("staging"), towns.REVIEWER)
        yield "rollback_judged", lambda: github.review(there("staging"), towns.REVIEWER)
        yield "healthy_again", lambda: validating.fail(github)
        yield "production_incident", lambda: validating.deploy(github, town.app)
        yield "frontend_blocked", lambda: validating.override(github)
        yield "validation_overridden", lambda: validating.deploy(github, town.app)

    def _bad_release(self) -> None:
        """A release of the api that no test has found out about."""
        self.cluster.bad.add(BAD)
        self.town.release(["api"])

    def settle(self, seconds: float = SETTLES_WITHIN) -> None:
        """Until every delivery is worked on and no job is due."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self.over.is_set():
            self.look()
            if self.town.github.webhooks.settle(0) and not self._busy():
                self.look()
                return
            self.over.wait(LOOK_EVERY)

    def _busy(self) -> bool:
        """Whether there is something to work on now; a database that does not answer may hide it."""
        try:
            numbers = self.store.numbers()
        except Retryable:
            return True
        return any(numbers[name] for name in ("deliveries_pending", "jobs_waiting", "jobs_running"))

    def stay(self) -> None:
        """Until a signal: tells what happens, whoever does it."""
        while not self.over.is_set():
            self.look()
            self.over.wait(LOOK_EVERY)

    def release(self, body: dict[str, Any]) -> dict[str, Any]:
        """`lockstep demo release`: CI of the app repository releases these components."""
        try:
            run = self.town.release(tuple(body.get("components") or towns.COMPONENTS))
        except UserError as error:
            return {"error": str(error)}
        return {"run": run.number, "title": run.title}

    def talk(self, body: dict[str, Any]) -> dict[str, Any]:
        """`lockstep demo comment` and `approve`: a person says or approves something on a pull request."""
        try:
            pull = self.town.github.repo(towns.CONFIG).pull(int(body["number"]))
            if body.get("approve"):
                self.town.github.review(pull, str(body["by"]))
            else:
                self.town.github.comment(pull, str(body["by"]), str(body["text"]))
        except Refused as refused:
            return {"error": f"The local GitHub refused: {refused}"}
        return {"url": self.town.url(pull)}
