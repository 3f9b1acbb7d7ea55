"""How many GitHub requests a promotion takes (issue 2, "How fast" 3): `python -m bench requests`.

The real bot against the local GitHub, in this process, one look at a time, so the counts are the same in each run.
Counted are the requests that reach the API, by what the bot says they are for; what GitHub's log shows is compared
with what the bot has booked. The artifact's bytes come from a storage host, which is no API request and counts apart.
What our own writes set in motion (webhooks, and the looks after them) is no part of it and is not done here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.homes import embedded_home, private_key
from bench.table import Row
from bot.adapters.queue import drain
from bot.adapters.store import Database, Store, migrate
from bot.model.subject import environment, pull, repository, source
from bot.sandbox.door import Entry
from bot.sandbox.scenario import Sandbox
from bot.sandbox.state import Pull
from tests.stories.cast import RULES, Bot, Town, hire, set_up

MOST, GOAL = 8, 5
MOST_AGAIN, GOAL_AGAIN = 2, 1


@dataclass(kw_only=True)
class Count:
    """Requests until something was reached."""

    sent: list[str] = field(default_factory=list)
    """Each API request as GitHub's log has it."""
    purposes: Counter[str] = field(default_factory=Counter)
    """The same, as the bot has booked them."""
    looks: list[str] = field(default_factory=list)

    @property
    def api(self) -> int:
        """API requests."""
        return len(self.sent)

    @property
    def stored(self) -> int:
        """Downloads from storage: the bot books each beside the API request that was redirected there."""
        return sum(line.startswith("GET ") and line.endswith("/zip") for line in self.sent)

    @property
    def agree(self) -> bool:
        """Whether the bot has booked exactly what GitHub saw."""
        return self.purposes.total() == self.api + self.stored

    def words(self) -> str:
        """By purpose, largest first."""
        purposes = self.purposes - Counter({"download": self.stored})
        return ", ".join(f"{purpose} {n}" for purpose, n in purposes.most_common())


def rows(quick: bool = False) -> list[Row]:
    """Every count, measured once; counts are the same however often they are taken, so `quick` changes nothing."""
    key = private_key()
    with embedded_home() as (_, address):
        migrate(address)
        with Store(Database(lambda: address)) as store, Sandbox.start() as github:
            town = set_up(github, key)
            by_hand(town)
            bot = hire(town, store, key).settles()
            counted = _counts(town, bot)
            if github.unknown_routes or github.crashes:
                raise RuntimeError(f"the local GitHub failed: {github.unknown_routes} {github.crashes}")
    return [_row(what, count) for what, count in counted.items()]


def by_hand(town: Town) -> None:
    """CI ends and staging opens only when they are told to, so that each step can be counted alone."""
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    rules = RULES.replace("auto_promote: true", "auto_promote: false")
    town.github.push(
        "splattop/config",
        "main",
        {"promotion/promotion-rules.yaml": rules},
        by="ana",
        message="Promote by hand",
    )
    town.github.webhooks.take()


def _counts(town: Town, bot: Bot) -> dict[str, Count]:
    counted = {"first promotion into a repository (labels are made)": _promotion(town, bot, "a")}
    bot.settles()
    _merge(town, bot)
    bot.settles()
    counted["promotion, run → labelled pull request with check run (warm)"] = _promotion(town, bot, "b")
    bot.settles()
    counted |= _again(town, bot)
    counted["newer release into the open pull request"] = _promotion(town, bot, "c")
    bot.settles()
    counted["merge, green CI → merged"] = _merge(town, bot)
    after = _count(bot, bot.settles)
    counted["after the merge: record, branch, what follows"] = after
    counted["of these, the Git note of the evidence"] = _of_notes(after)
    counted["/promote, comment → pull request with check run, answered"] = _promote(town, bot)
    bot.settles()
    town.github.close(town.pull("staging"), by="ana")
    bot.settles()
    counted["promotion in a process that knows nothing yet (cold)"] = _promotion(town, bot.again(), "d")
    return counted


def _promotion(town: Town, bot: Bot, letter: str) -> Count:
    """From the finished run's webhook to a pull request to dev that holds the release, labelled, with a check run."""
    town.number += 1
    sha = town.github.push("splattop/app", "main", {"VERSION": letter}, by="dev", message="Ship it")
    run = town.started(sha)
    bot.settles()
    town.finished(run, api=letter)
    _arrive(town, bot)

    def proposed() -> bool:
        return any(
            letter * 64 in town.values("dev", each.head_sha) and _shown(town, each) for each in town.pulls()
        )

    return _until(bot, proposed)


def _again(town: Town, bot: Bot) -> dict[str, Count]:
    """Looks at what needs nothing: a pull request, and what the sweep looks at."""
    installation, config, app = _ids(town)
    number = town.pull("dev").number
    subjects = {
        "re-evaluation of a pull request, nothing to change": pull(installation, config, number),
        "re-evaluation of an environment, nothing to change": environment(installation, config, "dev"),
        "re-evaluation of a config repository, nothing to change": repository(installation, config),
        "re-evaluation of an app repository, nothing new": source(installation, app),
    }
    counted = {}
    for what, subject in subjects.items():
        bot.store.queue.wake(str(subject))
        with town.expect_no_writes():
            counted[what] = _until(bot, lambda: True)
        bot.settles()
    return counted


def _merge(town: Town, bot: Bot) -> Count:
    """From CI's green check run to the merged pull request to dev."""
    open_pull = town.pull("dev")
    town.github.run_ci("splattop/config", open_pull.head_sha)
    _arrive(town, bot)
    return _until(bot, lambda: open_pull.merged)


def _of_notes(count: Count) -> Count:
    """The part that reads and writes Git notes. GraphQL commits to branches only, so a note takes the Git data API's
    tree, commit and ref, after one question that tells the notes' tip."""
    sent = [line for line in count.sent if line.endswith("/graphql Note") or "/git/" in line]
    return Count(sent=sent, purposes=Counter(notes=count.purposes["notes"]))


def _promote(town: Town, bot: Bot) -> Count:
    """From the comment to the pull request to staging, with check run, and the answer."""
    asked = town.pulls("merged")[-1]
    comment = town.github.comment(asked, "ana", "/promote staging")
    _arrive(town, bot)

    def done() -> bool:
        answered = any(f"lockstep:answer:{comment.id}" in each.body for each in asked.comments)
        return answered and any("/staging/" in each.head_ref and _shown(town, each) for each in town.pulls())

    return _until(bot, done)


def _shown(town: Town, each: Pull) -> bool:
    return bool(each.labels) and "lockstep: main" in town.checks(each)


def _arrive(town: Town, bot: Bot) -> None:
    """What is waiting at GitHub is received; nothing is looked at yet."""
    for delivery in town.github.webhooks.take():
        bot.receives(delivery)


def _ids(town: Town) -> tuple[int, int, int]:
    world = town.github.world
    installation = next(iter(world.installations))
    return installation, town.github.repo("splattop/config").id, town.github.repo("splattop/app").id


class _Reached(Exception):
    """Carries the counting out of the queue."""


def _until(bot: Bot, reached: Callable[[], bool]) -> Count:
    """Looks, one after the other, until `reached`. Raises RuntimeError when all was looked at before that."""
    count, seen = Count(), False
    with _counting(bot, count):

        def look(subject: str) -> None:
            nonlocal seen
            count.looks.append(bot.works_on(subject))
            if seen := seen or reached():
                raise _Reached

        try:
            drain(bot.store, look, now=bot.works.house.clock())
        except _Reached:
            return count
    raise RuntimeError(f"not reached; the looks were {count.looks}")


def _count(bot: Bot, act: Callable[[], object]) -> Count:
    """Everything that is asked while `act` lasts."""
    count = Count()
    with _counting(bot, count):
        act()
    return count


@contextmanager
def _counting(bot: Bot, count: Count) -> Iterator[None]:
    start, booked = len(bot.town.github.requests), _booked(bot.store)
    try:
        yield
    finally:
        count.sent = [_line(entry) for entry in bot.town.github.requests[start:]]
        count.purposes = _booked(bot.store) - booked


def _booked(store: Store) -> Counter[str]:
    booked: Counter[str] = Counter()
    for used in store.budget.usage():
        booked[used.purpose] += used.count
    return booked


def _line(entry: Entry) -> str:
    return f"{entry.method} {entry.path} {entry.operation or ''}".strip()


def _row(what: str, count: Count) -> Row:
    most, goal = None, None
    if what.startswith("promotion"):
        most, goal = MOST, GOAL
    elif what.startswith("re-evaluation of a pull request"):
        most, goal = MOST_AGAIN, GOAL_AGAIN
    within = count.agree and count.api <= most if most else None
    return Row(
        what=what,
        measured=f"{count.api} requests",
        beside=f"what was aimed at: {goal}" if goal else "–",
        ratio=count.api / goal if goal else None,
        goal=f"≤ {most}" if most else "–",
        met=within if count.agree else False,
        value=count.api,
        note=f"{count.words() or 'none'}{f'; from storage {count.stored}' if count.stored else ''}: "
        + "; ".join(count.sent)
        + ("" if count.agree else f". THE BOT BOOKED {count.purposes.total()}"),
    )
