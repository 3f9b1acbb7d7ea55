"""A worker that dies again and again: at each thing it does, the first time that it does it.

Things it does are requests that write (GitHub, Argo CD) and what it commits to the database, taken where they leave the
process, so a new act is covered without being named here. After each death another worker takes over, as the queue
would have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from bot.adapters.argocd import ArgoCD
from bot.adapters.github.transport import Answer, Transport
from bot.run.acts import LEFT
from tests.stories.cast import Bot, Town
from tests.stories.trouble import Killed, _writes

MOST = 300
"""Deaths after which a story does not end."""
_CHANGES = re.compile(r"\s*(insert|update|delete)\b|.*lockstep_wake", re.IGNORECASE | re.DOTALL)
_NUMBERS = re.compile(r"[0-9a-f]{7,}|\d+")
BACK = "rolling back"
"""Once it is on its way back, the rollback's own steps belong to that."""
_STATE = re.compile(r"update deployments set state")


@dataclass(kw_only=True)
class Mortal:
    """What was done so far, and when to die: `before` the next new thing, or after it, while a deployment's newest
    state is among `states` (all, when empty)."""

    before: bool
    states: frozenset[str] = frozenset()
    state: str = ""
    spared: bool = True
    """Whether it is not a look that acts now."""
    died_at: list[str] = field(default_factory=list)

    def does(self, what: str, perform: Callable[[], Any]) -> Any:
        """Does it, or dies."""
        fatal = self._fatal(what)
        if fatal and self.before:
            raise Killed
        done = perform()
        self.became(what)
        if fatal:
            raise Killed
        return done

    def _fatal(self, what: str) -> bool:
        if self.spared or what in self.died_at or (self.states and self.state not in self.states):
            return False
        assert len(self.died_at) < MOST, f"it does not end: {self.died_at[-5:]}"
        self.died_at.append(what)
        return True

    def became(self, what: str) -> None:
        """Follows the state of the deployment that moved last."""
        found = re.search(r"deployments -> (\w[\w ]*)", what)
        if found and (self.state != BACK or found.group(1) == "rolled back"):
            self.state = found.group(1)


def _said(query: Any, values: Any) -> str:
    """A statement in short: what it changes, and the words in it that tell it from another."""
    text = query.decode() if isinstance(query, bytes) else str(query)
    words = [str(each) for each in values or () if isinstance(each, str)]
    if _STATE.match(text):
        return f"deployments -> {words[0]}"
    if text.startswith("insert into deployments"):
        return "deployments -> opened"
    plain = [_NUMBERS.sub("#", each)[:60] for each in words]
    return f"{' '.join(text.split()[:4])}({', '.join(plain[:3])})"


@contextmanager
def mortal(monkeypatch: pytest.MonkeyPatch, each: Mortal) -> Iterator[None]:
    """While this lasts, every process of the bot is that mortal."""
    execute, leave, send = psycopg.Connection.execute, psycopg.Transaction.__exit__, Transport.send
    sync, inside = ArgoCD.sync, list[str]()

    def executes(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        text = query.decode() if isinstance(query, bytes) else str(query)
        if each.spared or not _CHANGES.match(text):
            return execute(self, query, params, **more)
        said = _said(query, params)
        if self.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            inside.append(said)
            return execute(self, query, params, **more)
        return each.does(said, lambda: execute(self, query, params, **more))

    def leaves(self: Any, kind: Any, error: Any, trace: Any) -> Any:
        outermost = self._outer_transaction
        if kind is not None or not outermost or not inside:
            if outermost:
                inside.clear()
            return leave(self, kind, error, trace)
        said = "; ".join(dict.fromkeys(inside))
        inside.clear()
        if each._fatal(said):
            if each.before:
                leave(self, Killed, Killed(), None)
                raise Killed
            leave(self, None, None, None)
            each.became(said)
            raise Killed
        done = leave(self, kind, error, trace)
        each.became(said)
        return done

    def sends(self: Transport, verb: str, path: str, **more: Any) -> Answer:
        if not _writes(verb, path, more.get("body")):
            return send(self, verb, path, **more)
        assert not inside, f"{verb} {path} is asked inside of a transaction: {inside}"
        what = more["body"]["query"].split("(")[0] if path.endswith("/graphql") else path
        return each.does(f"{verb} {_NUMBERS.sub('#', str(what))}", lambda: send(self, verb, path, **more))

    def syncs(self: ArgoCD, *values: Any, **more: Any) -> Any:
        return each.does("sync", lambda: sync(self, *values, **more))

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", executes)
        patch.setattr(psycopg.Transaction, "__exit__", leaves)
        patch.setattr(Transport, "send", sends)
        patch.setattr(ArgoCD, "sync", syncs)
        yield


def lives_on(bot: Bot, each: Mortal) -> Bot:
    """Settles; whenever the worker has died, another takes over what it was looking at."""
    looking: list[str] = []

    class Doomed(Bot):
        def works_on(self, subject: str) -> str:
            looking.append(subject)
            each.spared = False
            try:
                return super().works_on(subject)
            finally:
                each.spared = True

    while True:
        try:
            Doomed(**vars(bot)).settles()
            return bot
        except Killed:
            bot = bot.again()
            bot.store.queue.wake(looking[-1])


def told(bot: Bot) -> dict[str, dict[int | None, int]]:
    """How many rows the ledger has of each event with its decision, by pull request; those of acts left out."""
    rows = [row.entry for row in bot.store.ledger.rows(limit=5000)]
    acts = {each.event for each in rows if each.decision == "attempt"}
    found: dict[str, dict[int | None, int]] = {}
    for each in rows:
        if each.event not in acts:
            counted = found.setdefault(f"{each.event} {each.decision}", {})
            counted[each.pull_number] = counted.get(each.pull_number, 0) + 1
    return found


def acted(bot: Bot) -> tuple[int, int]:
    """How many acts were attempted, and how many rows there are of their ends."""
    rows = [row.entry for row in bot.store.ledger.rows(limit=5000)]
    acts = {each.event for each in rows if each.decision == "attempt"}
    mine = [each.decision for each in rows if each.event in acts]
    return mine.count("attempt"), len(mine) - mine.count("attempt")


def left(bot: Bot) -> int:
    """How many acts a dead worker left without an answer."""
    return sum(LEFT in row.entry.reason for row in bot.store.ledger.rows(limit=5000))


def portrait(town: Town) -> list[str]:
    """What people see on GitHub, without numbers that differ from run to run."""
    repo = town.github.repo("splattop/config")
    pulls = [
        f"#{each.number} {each.title}: {'merged' if each.merged else each.state}, {len(each.comments)} comments,"
        f" {' '.join(sorted(label.name for label in each.labels))}"
        for each in sorted(town.pulls("all"), key=lambda each: each.number)
    ]
    deployments = [f"{each.environment}: {each.statuses[-1].state}" for each in repo.deployments.values()]
    return [*pulls, *deployments, *sorted(ref for ref in repo.git.refs() if ref.startswith("heads/"))]
