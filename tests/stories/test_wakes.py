"""Who is looked at, how often: nothing is asked twice because GitHub says it twice, and the sweep leaves nobody out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.errors import Retryable
from bot.model.subject import Subject, environment, repository
from bot.run import seen
from bot.worker import work
from tests.builders import values
from tests.stories.cast import RULES, Bot, Town

CANARY = """\
  canary:
    from: staging
    values: [{file: helm/values-canary.yaml, path: "{component}.image"}]
    merge: approved
    gates: {image: off}
    approvals: [{role: platform}]
"""
RULES_FILE = "promotion/promotion-rules.yaml"


@contextmanager
def looks(bot: Bot) -> Iterator[Counter[str]]:
    """How often each kind of subject is looked at while this lasts; an environment by its name too."""
    counted: Counter[str] = Counter()

    def counting(text: str) -> str:
        subject = Subject.parse(text)
        counted[subject.kind.value] += 1
        if subject.kind.value == "environment":
            counted[subject.name or ""] += 1
        return work(bot.works.house, text)

    bot.works_on = counting  # type: ignore[method-assign]  # this bot alone, while it lasts
    try:
        yield counted
    finally:
        del bot.works_on


def place(bot: Bot, town: Town) -> tuple[int, int]:
    """Installation and config repository by number."""
    (installation,) = bot.works.installations()
    return installation, town.github.repo("splattop/config").id


@pytest.fixture
def proposed(bot: Bot, town: Town) -> Bot:
    """A release runs in dev, its pull request to staging is open, and everything that was said is heard."""
    town.release(api="a")
    bot.settles().waits(60)
    assert town.pull("staging")
    return bot


def test_a_push_that_tells_what_an_environment_has_seen_does_not_wake_it(proposed: Bot, town: Town):
    town.github.merge(town.pull("staging"), "ana")
    told = town.github.webhooks.take()
    push = next(each for each in told if each.payload.get("ref") == "refs/heads/main")
    for each in told:
        if each is not push:
            proposed.receives(each)
    proposed.settles()
    with looks(proposed) as counted:
        proposed.receives(push)
        proposed.settles()
    assert (counted["dev"], counted["staging"]) == (1, 0)


def test_a_push_that_is_new_wakes_every_environment(proposed: Bot, town: Town):
    town.github.push("splattop/config", "main", {"README.md": "new\n"}, by="ana")
    with looks(proposed) as counted:
        proposed.settles()
    assert (counted["dev"], counted["staging"]) == (1, 1)


def test_the_look_that_is_planned_after_a_direct_push_wakes_nobody_a_second_time(proposed: Bot, town: Town):
    town.github.push("splattop/config", "main", {"README.md": "new\n"}, by="ana")
    proposed.settles()
    with looks(proposed) as counted:
        proposed.waits(60)
    assert counted == {"repository": 1}


def test_the_sweep_looks_at_everything_though_all_is_seen(proposed: Bot):
    with looks(proposed) as counted:
        proposed.sweeps()
    assert (counted["dev"], counted["staging"], counted["pull"]) == (1, 1, 1)


def test_a_sweep_in_the_moment_of_the_planned_look_leaves_nothing_out(proposed: Bot, town: Town):
    town.github.push("splattop/config", "main", {"README.md": "new\n"}, by="ana")
    proposed.settles()
    town.github.advance(60)
    with looks(proposed) as counted:
        proposed.sweeps()
    assert (counted["dev"], counted["staging"], counted["pull"]) == (1, 1, 1)


def test_a_sweep_whose_look_failed_leaves_nothing_out_when_the_planned_look_comes(
    proposed: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    town.github.push("splattop/config", "main", {"README.md": "new\n"}, by="ana")
    proposed.settles()

    def away(*_: object) -> None:
        raise Retryable("GitHub is away")

    with monkeypatch.context() as broken:
        broken.setattr("bot.run.repository.watch", away)
        proposed.sweeps()
    with looks(proposed) as counted:
        proposed.waits(60)
    assert (counted["dev"], counted["staging"]) == (1, 1)


def test_a_new_environment_is_looked_at_whatever_the_others_have_seen(proposed: Bot, town: Town):
    more = RULES + CANARY
    town.github.push(
        "splattop/config", "main", {RULES_FILE: more, "helm/values-canary.yaml": values()}, by="ana"
    )
    with looks(proposed) as counted:
        proposed.settles()
    assert counted["canary"] >= 1


def test_a_merge_wakes_what_follows_it_once_however_many_events_tell_of_it(proposed: Bot, town: Town):
    merged = town.pull("dev", "merged")
    with looks(proposed) as counted:
        for _ in range(3):
            proposed.store.queue.wake(f"pull:{':'.join(map(str, place(proposed, town)))}:{merged.number}")
            proposed.settles()
    assert counted == {"pull": 3}


def test_a_merge_whose_look_broke_before_it_woke_anybody_wakes_them_the_next_time(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        raise Retryable("the database is away")

    monkeypatch.setattr("bot.run.repository._wake_environments", lambda *_: None)  # the merge's push is lost
    with monkeypatch.context() as patched:
        patched.setattr("bot.run.ended.deploying.merged", broken)
        town.release(api="a")
        bot.settles()
    assert not [each for each in town.pulls() if "/staging/" in each.head_ref]
    bot.waits(600)
    assert town.pull("staging")


def test_an_environment_that_could_not_do_its_work_has_not_seen_the_push(bot: Bot, town: Town):
    installation, config = place(bot, town)
    bot.sweeps()
    head = str(town.github.sha("splattop/config", "main"))
    here = repository(installation, config)
    assert seen.have_seen(bot.works.house, here, head) == {"dev", "staging"}
    town.github.push("splattop/config", "main", {"helm/values-dev.yaml": "api: {image: [}\n"}, by="ana")
    town.release(api="a")
    bot.settles()
    assert "dev" not in seen.have_seen(bot.works.house, here, str(town.github.sha("splattop/config", "main")))


def test_two_environments_whose_names_begin_alike_are_told_apart(bot: Bot):
    house = bot.works.house
    seen.saw(house, environment(1, 2, "dev:eu"), "h1")
    seen.saw(house, environment(1, 2, "dev"), "h2")
    assert seen.have_seen(house, repository(1, 2), "h1") == {"dev:eu"}
    assert seen.have_seen(house, repository(1, 2), "h2") == {"dev"}
