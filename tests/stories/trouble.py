"""Trouble at one chosen write: the bot's process is killed there, or GitHub's answer to it gets lost.

Writes are counted where they leave the bot, so that a story can put the same trouble at each of them in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.adapters.github.transport import Answer, Transport
from tests.stories.cast import Bot


class Killed(BaseException):
    """SIGKILL: nothing in the bot may catch it, so nothing runs after it."""


@dataclass(kw_only=True)
class Writes:
    """Counts the bot's writes (minting a token is none) and calls `trouble` at one of them."""

    at: int
    trouble: Callable[[Callable[[], Answer]], Answer]
    seen: int = 0

    def send(self, method: str, path: str, body: Any, perform: Callable[[], Answer]) -> Answer:
        """One request on its way out."""
        if not _writes(method, path, body):
            return perform()
        self.seen += 1
        return self.trouble(perform) if self.seen == self.at else perform()


def _writes(method: str, path: str, body: Any) -> bool:
    if path.endswith("/graphql"):
        return str(body["query"]).lstrip().startswith("mutation")
    return method != "GET" and not path.endswith("/access_tokens")


def killed_before(_bot: Bot) -> Callable[[Callable[[], Answer]], Answer]:
    """The process dies just before the request leaves."""

    def trouble(_perform: Callable[[], Answer]) -> Answer:
        raise Killed

    return trouble


def killed_after(_bot: Bot) -> Callable[[Callable[[], Answer]], Answer]:
    """The process dies when GitHub has done what was asked, before the answer is read."""

    def trouble(perform: Callable[[], Answer]) -> Answer:
        perform()
        raise Killed

    return trouble


def answer_lost(bot: Bot) -> Callable[[Callable[[], Answer]], Answer]:
    """GitHub does what was asked, and says 502."""

    def trouble(perform: Callable[[], Answer]) -> Answer:
        bot.town.github.faults.performs_then_fails(502)
        return perform()

    return trouble


def not_done(bot: Bot) -> Callable[[Callable[[], Answer]], Answer]:
    """GitHub says 502 and did nothing."""

    def trouble(perform: Callable[[], Answer]) -> Answer:
        bot.town.github.faults.fails(502)
        return perform()

    return trouble


HOUR = 3600.0
TROUBLES = (killed_before, killed_after, answer_lost, not_done)
Trouble = Callable[[Bot], Callable[[Callable[[], Answer]], Answer]]


@contextmanager
def trouble_at(monkeypatch: pytest.MonkeyPatch, bot: Bot, number: int, trouble: Trouble) -> Iterator[Writes]:
    """While this lasts, the bot's write of that number (from 1) meets the trouble."""
    writes = Writes(at=number, trouble=trouble(bot))
    original = Transport.send

    def send(self: Transport, verb: str, path: str, **more: Any) -> Answer:
        return writes.send(verb, path, more.get("body"), lambda: original(self, verb, path, **more))

    with monkeypatch.context() as patch:
        patch.setattr(Transport, "send", send)
        yield writes


def survives(bot: Bot) -> Bot:
    """Settles. When the process is killed on the way, a new one takes over, and the queue hands it what the dead one
    was looking at (`queue.reclaim`; tests/adapters/store/test_worker.py kills real processes)."""
    looking: list[str] = []

    class Doomed(Bot):
        def works_on(self, subject: str) -> str:
            looking.append(subject)
            return super().works_on(subject)

    try:
        Doomed(**vars(bot)).settles()
    except Killed:
        bot = bot.again()
        bot.store.queue.wake(looking[-1])
    return bot.waits(HOUR)
