"""What both measurements stand on: Lockstep's processes, and accounts whose staging has run two releases."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil

from bench.homes import embedded_home, private_key
from bench.kill import Lockstep, lockstep
from bench.office import Office
from bot.adapters.store import Store, open_store
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import Pull
from tests.stories.cast import Town, founded, set_up

SEED = 2026
ASKS = "cho"
"""Who asks for rollbacks: not who approves them."""
PATIENCE = 120.0
QUIET = 1.5
"""Seconds without anything due that count as rest."""
NEVER = 3600.0
"""Between two sweeps: what is found here was found without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that runs."""

    towns: tuple[Town, ...]
    house: Lockstep
    store: Store
    office: Office

    @property
    def github(self) -> Sandbox:
        """The one that all accounts are on."""
        return self.towns[0].github

    def asked(self, town: Town) -> int:
        """How many requests GitHub has had from Lockstep for an account."""
        config = town.github.repo(town.config)
        owners = {
            each.id for each in self.github.world.installations.values() if each.account is config.owner
        }
        return sum(each.installation in owners for each in list(self.github.requests))


@contextmanager
def scene(rules: Sequence[str], settings: Mapping[str, str]) -> Iterator[Scene]:
    """An account for each rules file, and Lockstep with these settings."""
    with ExitStack() as stack:
        home, _ = stack.enter_context(embedded_home())
        github = stack.enter_context(Sandbox.start())
        key = private_key()
        first = set_up(github, key, rules[0])
        more = (founded(github, first.app, owner(n), text) for n, text in enumerate(rules[1:], start=1))
        towns = (first, *more)
        for town in towns:
            github.user(ASKS)
            github.grant(ASKS, town.config, "write")
        house = stack.enter_context(lockstep(first, home, key, more=settings, sweep_every=NEVER))
        store = stack.enter_context(open_store(house.settings))
        office = Office(first, f"http://127.0.0.1:{house.settings.port}", SEED)
        stack.callback(office.close)
        try:
            yield Scene(towns=towns, house=house, store=store, office=office)
        except RuntimeError as error:
            tails = "\n".join(f"--- {each.name}\n{each.tail(3)}" for each in house.services)
            raise RuntimeError(f"{error}\n{tails}") from None


def owner(number: int) -> str:
    """The name of an account; the first is the stories'."""
    return f"splattop-{number}" if number else "splattop"


def releases(there: Scene, made: Callable[[Town], object]) -> None:
    """Every account's release, which `made` makes, goes to dev by itself and to staging with a review. Ends at rest."""
    before = {town.owner: len(town.pulls("merged")) for town in there.towns}
    for town in there.towns:
        made(town)

    def merged() -> bool:
        late = [each for each in there.towns if len(each.pulls("merged")) < before[each.owner] + 2]
        for town in late:
            approve(town, "/staging/")
        return not late

    until(merged, "a release is in staging everywhere", pause=0.25)
    rests(there)
    say(f"a release is in staging of {len(there.towns)} accounts")


def approve(town: Town, where: str) -> None:
    """The platform team's yes to what is open there, judged, and waits for nothing else."""
    for pull in town.pulls():
        if where in pull.head_ref and not pull.reviews and "lockstep: main" in town.checks(pull):
            town.github.review(pull, "ana")


def newest(town: Town) -> Pull:
    """What staging was changed by last."""
    return max(
        (each for each in town.pulls("merged") if "/staging/" in each.head_ref), key=lambda p: p.number
    )


def rollbacks(town: Town, state: str = "open") -> list[Pull]:
    """Pull requests that go back."""
    return [each for each in town.pulls(state) if "/rollback+" in each.head_ref]


def rests(there: Scene) -> None:
    """Waits until nothing is due any more."""
    since = time.monotonic()

    def still() -> bool:
        nonlocal since
        numbers = there.store.numbers()
        due = ("deliveries_pending", "jobs_waiting", "jobs_running")
        if not there.office.idle or any(numbers[name] for name in due):
            since = time.monotonic()
        return time.monotonic() - since > QUIET

    until(still, "everything is worked off", pause=0.1)


def until(true: Callable[[], object], what: str, pause: float = 0.005, longest: float = PATIENCE) -> None:
    """Waits for it. Raises RuntimeError when it does not come about."""
    end = time.monotonic() + longest
    while not true():
        if time.monotonic() > end:
            raise RuntimeError(f"not within {longest:.0f} s: {what}")
        time.sleep(pause)


def say(what: str) -> None:
    """How far it has come, for who waits."""
    print(f"  {what}", file=sys.stderr, flush=True)


def share(values: Sequence[float], part: float) -> float:
    """The value that this part of them does not exceed."""
    return sorted(values)[max(ceil(len(values) * part) - 1, 0)]
