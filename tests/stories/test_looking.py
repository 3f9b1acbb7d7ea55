"""Only looking: the worker's own looks, in a house where nothing can be written."""

from __future__ import annotations

import pytest

from bot.model.subject import environment
from bot.run import look
from bot.run.looking import READING, NothingWritten, only_looking
from tests.stories.cast import Bot, Town


@pytest.mark.parametrize(
    ("family", "method"), [(name, each) for name in READING for each in sorted(READING[name])]
)
def test_every_method_that_is_let_through_is_one_of_the_store(bot: Bot, family: str, method: str):
    assert callable(getattr(getattr(bot.store, family), method))


@pytest.mark.parametrize(
    ("family", "method"), [("ledger", "write"), ("requests", "ask"), ("approvals", "keep"), ("marks", "put")]
)
def test_what_would_be_put_on_record_is_refused(bot: Bot, family: str, method: str):
    with pytest.raises(NothingWritten, match=f"{family}.{method} may write"):
        getattr(getattr(only_looking(bot.works.house).store, family), method)


def test_the_workers_own_look_cannot_write_there(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    (repository,) = bot.store.repositories.config_of(next(iter(bot.works.installations())))
    subject = environment(bot.works.installations()[0], repository.id, "staging")
    with town.expect_no_writes(), pytest.raises(NothingWritten):
        look(only_looking(bot.works.house), subject, ())


def test_actions_on_github_are_refused(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    installation = bot.works.installations()[0]
    (repository,) = bot.store.repositories.config_of(installation)
    with town.expect_no_writes(), pytest.raises(NothingWritten, match="0 actions on splattop/config"):
        only_looking(bot.works.house).github(installation).apply(repository, [])
