"""What a sweep over many open pull requests costs (issue 3, "How fast"): `python -m bench sweep [--quick]`.

The real bot against the local GitHub, in this process, one look at a time. One release is proposed to many
environments at once; then nothing happens, and the sweep looks at all of them again. Beside the seconds stand those in
which each pull request is read once, nothing decided and nothing stored: mostly the local GitHub's own work.
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from bench.homes import embedded_home, private_key
from bench.table import Row
from bot.adapters.queue import drain
from bot.adapters.store import Database, Store, migrate
from bot.model.subject import Kind, Subject
from bot.sandbox.scenario import Sandbox
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town, hire, set_up

PULLS, QUICK = 500, 20
GOAL = 1.0
RULES_FILE = "promotion/promotion-rules.yaml"
PLACE = """\
  {name}:
    from: dev
    auto_promote: true
    values: [{{file: helm/values-{name}.yaml, path: "{{component}}.image"}}]
    merge: approved
    required_checks: [helm-lint]
    gates: {{image: off}}
    approvals: [{{role: platform}}]
"""
"""Short, because a rules file holds 20,000 values at most."""


def rows(quick: bool = False) -> list[Row]:
    """Requests per pull request and seconds, of one sweep in which nothing has changed."""
    return swept(QUICK if quick else PULLS)


def swept(many: int) -> list[Row]:
    """The same, over so many pull requests."""
    key = private_key()
    with embedded_home() as (_, address):
        migrate(address)
        with Store(Database(lambda: address)) as store, Sandbox.start() as github:
            town = set_up(github, key)
            bot = hire(town, store, key)
            github.world.clock.freeze(
                datetime.now(UTC) + timedelta(days=1)
            )  # how long it takes changes no count
            opening = [_counted(town, bot, many, "opening", lambda: opened(town, bot, many))]
            return [*opening, *measured(town, bot, many)]


def opened(town: Town, bot: Bot, many: int) -> Bot:
    """A release is in dev, and its pull requests to so many environments are open and wait for an approval."""
    head, _, _ = RULES.partition("  staging:\n")
    names = [f"place-{n:03d}" for n in range(many)]
    blocks = [PLACE.format(name=name) for name in names]
    files = {f"helm/values-{name}.yaml": values() for name in names}
    town.github.push("splattop/config", "main", {RULES_FILE: head + "".join(blocks), **files}, by="ana")
    bot.settles()
    bot.waits(60)
    town.release(api="a")
    for _ in range(10):
        if len(town.pulls()) == many:
            break
        bot.settles().waits(3600)  # what was put off for GitHub's limits has its turn
    bot.settles()
    if len(town.pulls()) != many:
        raise RuntimeError(f"{len(town.pulls())} pull requests are open, not {many}")
    return bot


def _counted(town: Town, bot: Bot, many: int, what: str, act: Callable[[], object]) -> Row:
    """Processor seconds and looks of an act, for each pull request: GitHub's part and PostgreSQL's are not in the
    looks, and the local GitHub's is in the seconds."""
    looks: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    children = Counter[str]()
    look, start, before = Bot.works_on, subprocess.Popen.__init__, len(town.github.requests)

    def counting(there: Bot, subject: str) -> str:
        kind, began = Subject.parse(subject).kind.value, time.thread_time()
        try:
            return look(there, subject)
        finally:
            looks[kind] += 1
            spent[kind] += int((time.thread_time() - began) * 1_000_000)

    def starting(child: subprocess.Popen[bytes], *given: object, **more: object) -> None:
        children[what] += 1
        start(child, *given, **more)

    began = time.process_time()
    with patch.object(Bot, "works_on", counting), patch.object(subprocess.Popen, "__init__", starting):
        act()
    seconds = time.process_time() - began
    sent = len(town.github.requests) - before
    told = ", ".join(f"{kind}: {n} looks, {spent[kind] / 1e6:.1f} s" for kind, n in looks.most_common())
    return Row(
        what=f"{what} {many} pull requests at once, looks for each",
        measured=f"{looks.total() / many:.2f}",
        beside=f"{sent / many:.2f} requests, {seconds / many * 1000:.0f} ms of processor, the local GitHub's in it",
        value=looks.total() / many,
        note=f"{told}; {children[what]} child processes; {sent} requests to GitHub; {seconds:.0f} s of processor",
    )


def measured(town: Town, bot: Bot, many: int) -> list[Row]:
    """The sweep itself."""
    looks: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    work = type(bot).works_on

    bot.works.sweep()
    began, before, written = time.monotonic(), len(town.github.requests), len(town.writes())
    spent = time.process_time()

    def look(subject: str) -> str:
        kind = Subject.parse(subject).kind
        start = len(town.github.requests)
        said = work(bot, subject)
        looks[kind.value] += 1
        asked[kind.value] += len(town.github.requests) - start
        return said

    drain(bot.store, look, now=bot.works.house.clock())
    seconds, spent = time.monotonic() - began, time.process_time() - spent
    sent = len(town.github.requests) - before
    if len(town.writes()) != written:
        raise RuntimeError(f"a sweep over unchanged pull requests wrote {town.writes()[written:][:5]}")
    least = _reading(town, bot)
    note = ", ".join(f"{kind}: {asked[kind]} requests in {count} looks" for kind, count in looks.items())
    pulls = asked[Kind.PULL.value] / many
    return [
        Row(
            what=f"sweep over {many} open pull requests, GitHub requests for each pull request's look",
            measured=f"{pulls:.2f}",
            beside="one GraphQL question: 1",
            ratio=pulls,
            goal=f"≤ {GOAL:.0f}",
            met=pulls <= GOAL,
            value=pulls,
            note=note,
        ),
        Row(
            what=f"sweep over {many} open pull requests, all its GitHub requests for each",
            measured=f"{sent / many:.2f}",
            beside="one for the pull request, one for its environment: 2",
            ratio=sent / many / 2,
            value=sent / many,
            note="as many environments as pull requests; several sources share an environment's question",
        ),
        Row(
            what=f"sweep over {many} open pull requests, time with one worker",
            measured=f"{seconds:.1f} s",
            beside=f"reading each pull request: {least:.1f} s",
            ratio=seconds / least,
            value=seconds,
            note=f"environments, rules and the source are read as well; {spent:.1f} s of processor, the local GitHub's"
            " in it",
        ),
    ]


def _reading(town: Town, bot: Bot) -> float:
    """Seconds in which each open pull request is read once."""
    house = bot.works.house
    open_ones = house.store.promotions.all_open()
    began = time.monotonic()
    for each in open_ones:
        house.github(each.installation_id).pull(
            each.config_repository_id, each.pull_number, files=house.rules_paths
        )
    return time.monotonic() - began
