"""Nothing is lost or done twice when everything is killed (issue 2, "How fast" 5): `python -m bench kill`.

Real processes (`lockstep serve`, two `lockstep worker`) over an embedded PostgreSQL and the local GitHub. Releases,
commands and reviews bring 500 signed deliveries, while web, workers and database get SIGKILL in turn, at moments that
chance chooses, and are started again. Some workers are killed while GitHub performs a write for them, and never
hear of it. Then everything is worked off, and GitHub and the store are asked what is missing and what is there twice.
The same traffic without kills is beside it.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests

from bench.doubles import Written, written
from bench.homes import embedded_home, private_key
from bench.office import Office
from bench.processes import Service, kill_postgres
from bench.receive import free_port
from bench.table import Row
from bench.traffic import People
from bot.adapters.store import Store, embedded, open_store
from bot.errors import Retryable
from bot.sandbox.door import HttpRequest, HttpResponse
from bot.sandbox.scenario import Sandbox
from bot.settings import Settings
from tests.stories.cast import SECRET, Town, set_up

DELIVERIES, ROUNDS, SEED = 500, 3, 2026
KINDS = ("web", "worker", "database", "write")
"""What is killed in each round; `write`: all workers, when GitHub has performed a write and not yet answered."""
PAUSE = 0.35
"""Seconds between two acts of people."""
QUIET_SECONDS, LONGEST = 1.5, 240.0


@dataclass(kw_only=True)
class Outcome:
    """What came of one run."""

    sent: int
    accepted: int
    lost: tuple[str, ...]
    written: tuple[Written, ...]
    missing: tuple[str, ...]
    """Components whose newest release is not in dev."""
    seconds: float
    after: float
    """Seconds from the last act to the end of all work."""
    answers: Mapping[str, int]
    kills: Mapping[str, int]
    acts: Mapping[str, int]
    parked: int
    requests: int


def rows(quick: bool = False) -> list[Row]:
    """One run without kills and one with them."""
    count, rounds = (150, 1) if quick else (DELIVERIES, ROUNDS)
    calm = run(count, 0, SEED)
    wild = run(count, rounds, SEED)
    kills = ", ".join(f"{kind} {n}" for kind, n in wild.kills.items())
    found = [
        Row(
            what=f"{wild.sent} deliveries while killing: seconds until all is worked off",
            measured=f"{wild.seconds:.0f} s ({wild.after:.0f} s after the last act)",
            beside=f"without kills: {calm.seconds:.0f} s ({calm.after:.0f} s), {calm.sent} deliveries",
            ratio=wild.seconds / calm.seconds,
            value=wild.seconds,
            note=f"killed: {kills}; answers to the senders {dict(wild.answers)}; people {dict(wild.acts)}; "
            f"{wild.requests} GitHub requests (without kills {calm.requests})",
        ),
        _none(
            "… accepted with 202, of those sent", wild.sent - wild.accepted, f"{wild.accepted} of {wild.sent}"
        ),
        _none("… lost: accepted, never completed", len(wild.lost), note="; ".join(wild.lost[:5])),
        _none("… subjects parked", wild.parked),
        _none("… newest releases missing in dev", len(wild.missing), note=", ".join(wild.missing)),
    ]
    for each, peer in zip(wild.written, calm.written, strict=True):
        found.append(
            Row(
                what=f"… {each.kind} there twice",
                measured=f"{len(each.doubled)} of {each.count}",
                beside=f"without kills: {len(peer.doubled)} of {peer.count}",
                goal="0",
                met=not each.doubled,
                value=len(each.doubled),
                note="; ".join(each.doubled[:5]),
            )
        )
    return found


def _none(what: str, number: int, measured: str = "", note: str = "") -> Row:
    return Row(what=what, measured=measured or str(number), goal="0", met=not number, value=number, note=note)


def run(count: int, rounds: int, seed: int) -> Outcome:
    """The whole thing once. Raises RuntimeError with the processes' last words when it does not come to rest."""
    with ExitStack() as stack:
        home, _ = stack.enter_context(embedded_home())
        github = stack.enter_context(Sandbox.start())
        key = private_key()
        town = set_up(github, key)
        house = stack.enter_context(lockstep(town, home, key))
        store = stack.enter_context(open_store(house.settings))
        office = Office(town, f"http://127.0.0.1:{house.settings.port}", seed)
        stack.callback(office.close)
        try:
            return _measured(town, house, store, office, count, rounds, seed)
        except RuntimeError as error:
            tails = "\n".join(f"--- {each.name}\n{each.tail()}" for each in house.services)
            raise RuntimeError(f"{error}\n{tails}") from None


@dataclass(kw_only=True)
class Lockstep:
    """The processes."""

    home: Path
    settings: Settings
    web: Service
    workers: tuple[Service, ...]
    killed: Counter[str] = field(default_factory=Counter)

    @property
    def services(self) -> tuple[Service, ...]:
        """All of them but the database."""
        return (self.web, *self.workers)


@contextmanager
def lockstep(
    town: Town, home: Path, key: str, *, more: Mapping[str, str] | None = None, sweep_every: float = 20
) -> Iterator[Lockstep]:
    """Web and two workers, ready; `more` are settings beside the usual ones."""
    settings = Settings(
        app_id=town.app.id,
        private_key=key,
        webhook_secret=SECRET,
        github_api_url=town.github.api_url,
        home=home,
        port=free_port(),
    )
    environment = {
        "APP_ID": str(settings.app_id),
        "PRIVATE_KEY": key,
        "WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": settings.github_api_url,
        "LOCKSTEP_HOME": str(home),
        "PORT": str(settings.port),
        **(more or {}),
    }
    web = Service("web", ["serve"], home, environment)
    workers = tuple(
        Service(f"worker-{n}", ["worker", "--sweep-every", f"{sweep_every:g}"], home, environment)
        for n in (1, 2)
    )
    house = Lockstep(home=home, settings=settings, web=web, workers=workers)
    try:
        for service in house.services:
            service.start()
        _ready(house)
        yield house
    finally:
        for service in house.services:
            service.stop()


def _ready(house: Lockstep) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        with suppress(requests.RequestException):
            if requests.get(f"http://127.0.0.1:{house.settings.port}/ready", timeout=2).ok:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the web process is not ready: {house.web.tail()}")


class Killer:
    """Kills and starts again, each time when a further part of the deliveries has been sent."""

    def __init__(self, town: Town, house: Lockstep, seed: int) -> None:
        self._house = house
        self._random = random.Random(seed)
        self._ambush, self._sprung = threading.Event(), threading.Event()
        town.github.on_exchange(self._exchanged)

    def plan(self, rounds: int) -> list[str]:
        """Which kinds, in which order."""
        kinds = [kind for _ in range(rounds) for kind in KINDS]
        self._random.shuffle(kinds)
        return kinds

    def strike(self, kind: str) -> None:
        """One kill, and the start after it. Raises RuntimeError when an ambush meets no write."""
        self._house.killed[kind] += 1
        time.sleep(self._random.uniform(0, 0.5))
        killed = self._kill(kind)
        time.sleep(self._random.uniform(0.2, 1.0))
        for service in killed:
            service.start()
        if kind == "database":
            embedded.ensure(self._house.home)

    def _kill(self, kind: str) -> tuple[Service, ...]:
        house = self._house
        if kind == "database":
            kill_postgres(house.home)
            return ()
        if kind == "write":
            self._sprung.clear()
            self._ambush.set()
            if not self._sprung.wait(60):
                raise RuntimeError("no write came for a minute")
            return house.workers
        service = house.web if kind == "web" else self._random.choice(house.workers)
        service.kill()
        return (service,)

    def _exchanged(self, request: HttpRequest, response: HttpResponse) -> None:
        """Called between GitHub's deed and its answer."""
        write = request.method == "PUT" or b"mutation" in request.body
        if write and response.status < 300 and self._ambush.is_set():
            self._ambush.clear()
            for service in self._house.workers:
                service.kill()
            self._sprung.set()


def _measured(
    town: Town, house: Lockstep, store: Store, office: Office, count: int, rounds: int, seed: int
) -> Outcome:
    people, killer = People(town, seed), Killer(town, house, seed)
    plan, over = killer.plan(rounds), threading.Event()
    trouble: list[BaseException] = []

    def kill() -> None:
        try:
            for number, kind in enumerate(plan, start=1):
                while len(office.sent) < count * number / (len(plan) + 1):
                    if over.wait(0.02):
                        return
                killer.strike(kind)
        except (RuntimeError, Retryable) as error:
            trouble.append(error)

    killing = threading.Thread(target=kill, daemon=True)
    began = time.monotonic()
    killing.start()
    try:
        while len(office.sent) < count or killing.is_alive():
            people.act()
            time.sleep(PAUSE)
            if time.monotonic() - began > LONGEST:
                raise RuntimeError(f"only {len(office.sent)} deliveries came about")
        people.release()
        last = time.monotonic()
        if trouble:
            raise RuntimeError(str(trouble[0]))
        ended = _at_rest(store, office)
    finally:
        over.set()
        killing.join(90)
    done = {row["id"]: str(row["outcome"]) for row in store.database.rows(_COMPLETED)}
    dev = town.values("dev")
    return Outcome(
        sent=len(office.sent),
        accepted=len(office.accepted & office.sent),
        lost=tuple(sorted(office.accepted & office.sent - done.keys())),
        written=written(town),
        missing=tuple(name for name, digest in people.newest.items() if digest not in dev),
        seconds=ended - began,
        after=ended - last,
        answers=office.answers,
        kills=house.killed,
        acts=people.acts,
        parked=int(store.numbers()["subjects_parked"]),
        requests=len(town.github.requests),
    )


_COMPLETED = "select id, outcome from deliveries where completed_at is not null"


def _at_rest(store: Store, office: Office) -> float:
    """The moment when the last delivery was sent and the last job done. Raises RuntimeError when that does not come."""
    until, since = time.monotonic() + LONGEST, time.monotonic()
    numbers: Mapping[str, float] = {}
    while time.monotonic() < until:
        with suppress(Retryable):
            numbers = store.numbers()
            names = ("deliveries_pending", "jobs_waiting", "jobs_planned", "jobs_running")
            if not office.idle or any(numbers[name] for name in names):
                since = time.monotonic()
            if time.monotonic() - since > QUIET_SECONDS:
                return since
        time.sleep(0.05)
    raise RuntimeError(f"not at rest after {LONGEST:g} s: {dict(numbers)}, office idle: {office.idle}")
