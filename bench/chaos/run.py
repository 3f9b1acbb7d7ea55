"""One chaos run from beginning to end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.chaos import rules
from bench.chaos.cluster import cluster
from bench.chaos.diary import Diary
from bench.chaos.invariants import CheckWatch, broken, unsettled
from bench.chaos.people import Monitoring, People
from bench.chaos.post import ARGOCD_TOKEN, Post
from bench.chaos.trouble import Trouble
from bench.homes import embedded_home, private_key
from bench.kill import Lockstep, lockstep
from bot.adapters.store import Store, open_store
from bot.errors import Retryable
from bot.sandbox.scenario import Sandbox
from tests.stories.cast import ALERTS_TOKEN, Town, set_up

PACE = (0.3, 1.6)
"""Seconds between two acts of people."""
SWEEP_SECONDS = 8.0
QUIET_SECONDS = 11.0
"""How long nothing may be written until it counts as rest: each worker sweeps meanwhile, and looks at everything."""
STILL_FIRING = 20.0
"""Seconds after the last trouble in which alerts go on being told."""
LONGEST = 240.0
"""Seconds that the end may take: GitHub's limit of 80 writes a minute is kept, and Argo CD's silence outwaited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended."""

    seed: int
    broken: tuple[str, ...]
    """What does not hold; nothing when all is well."""
    counts: dict[str, int]
    answers: dict[str, int]
    deliveries: int
    seconds: float
    settled_after: float
    """Seconds from the end of all troubles to rest."""
    requests: int
    ledger_rows: int
    story: str
    logs: tuple[Path, ...] = ()


def run(seconds: float, seed: int, say: Callable[[str], None], *, keep: Path | None = None) -> Ended:
    """Chaos for so many seconds, then peace, then the questions. `keep`: a folder that gets the processes' logs."""
    diary = Diary(say)
    with ExitStack() as stack:
        home, _ = stack.enter_context(embedded_home())
        github = stack.enter_context(Sandbox.start())
        key = private_key()
        town = set_up(github, key)
        there = stack.enter_context(cluster(town, seed))
        rules.write(town, {name: each.url for name, each in there.services.items()})
        more = {
            "ALERTMANAGER_TOKEN": ALERTS_TOKEN,
            "ARGOCD_SERVER": there.argocd.url,
            "ARGOCD_AUTH_TOKEN": there.argocd.token,
            "ARGOCD_WEBHOOK_TOKEN": ARGOCD_TOKEN,
            "VERIFY_PRIVATE_URLS": ",".join(each.url for each in there.services.values()),
        }
        house = stack.enter_context(lockstep(town, home, key, more=more, sweep_every=SWEEP_SECONDS))
        if keep is not None:
            stack.callback(_keep, house, keep)
        store = stack.enter_context(open_store(house.settings))
        post = Post(town, f"http://127.0.0.1:{house.settings.port}", seed + 1, diary)
        stack.callback(post.close)
        there.told = post.notify
        checks = CheckWatch(town)
        people = People(town, there, diary, seed + 2)
        watching = Monitoring(there, post, diary)
        trouble = Trouble(town, house, there, post, store, diary, seed + 3)
        _chaos(seconds, random.Random(seed), diary, people, watching, trouble)
        diary.note("peace", "all troubles are over", loud=True)
        calm = time.monotonic()
        rested = _rests(town, store, post, watching, diary)
        settled = time.monotonic() - calm
        found = (*rested, *broken(town, there, post, store, checks))
        numbers = store.numbers()
        return Ended(
            seed=seed,
            broken=found,
            counts=dict(diary.counts),
            answers=dict(post.answers),
            deliveries=len(post.sent),
            seconds=diary.seconds,
            settled_after=settled,
            requests=len(github.requests),
            ledger_rows=int(numbers["ledger_rows"]),
            story=diary.story(),
        )


def _chaos(
    seconds: float,
    chance: random.Random,
    diary: Diary,
    people: People,
    watching: Monitoring,
    trouble: Trouble,
) -> None:
    over = threading.Event()
    threads = [
        threading.Thread(target=each, args=(over,), daemon=True)
        for each in (watching.runs_until, trouble.runs_until)
    ]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            people.act()
            over.wait(chance.uniform(*PACE))
    finally:
        over.set()
        for thread in threads:
            thread.join(60)
        trouble.mend()


def _rests(town: Town, store: Store, post: Post, watching: Monitoring, diary: Diary) -> tuple[str, ...]:
    """Waits until nothing is due and everything is settled; what is not when the time is over."""
    began = since = told = time.monotonic()
    why, wrote = "it did not begin", 0
    while time.monotonic() < began + LONGEST:
        if time.monotonic() < began + STILL_FIRING:
            watching.evaluate()
        before, wrote = wrote, len(town.writes())
        try:
            why = _busy(town, store, post) or ("" if wrote == before else "something is being written")
        except Retryable as error:
            why = str(error)
        if why:
            since = time.monotonic()
        if time.monotonic() - since > QUIET_SECONDS:
            return ()
        if time.monotonic() - told > 15:
            told = time.monotonic()
            diary.note("waits for rest", why, loud=True)
        time.sleep(1)
    return (f"no rest within {LONGEST:g} s: {why}",)


def _busy(town: Town, store: Store, post: Post) -> str:
    numbers = store.numbers()
    for name in ("deliveries_pending", "subjects_parked"):
        if numbers[name]:
            return f"{name} {numbers[name]:.0f}"
    if not post.idle:
        return "deliveries are on their way"
    return next(iter(unsettled(town, store)), "")


def _keep(house: Lockstep, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for service in house.services:
        with suppress(OSError):
            (folder / service.log.name).write_bytes(service.log.read_bytes())
