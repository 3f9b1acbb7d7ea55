"""The command line beside a story: the same settings, the same store, GitHub over real HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from tests.stories.cast import SECRET, Bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed for machines."""
        return json.loads(self.out)


@dataclass(kw_only=True)
class Terminal:
    """Somebody at a terminal of the machine that the worker runs on."""

    bot: Bot
    variables: Mapping[str, str]
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    slow: timedelta = timedelta()
    """How far the machine's clock is behind the story's."""

    def runs(self, *words: str, **variables: str) -> Said:
        """`lockstep` with these words, and these variables beside the settings."""
        self.capsys.readouterr()
        with _logs_as_before(), self.monkeypatch.context() as patched:
            for name, value in {**self.variables, **variables}.items():
                patched.setenv(name, value)
            patched.setattr("sys.argv", ["lockstep", *words])
            patched.setattr("bot.wiring.datetime", self)
            with pytest.raises(SystemExit) as ended:
                main()
        shown = self.capsys.readouterr()
        code = ended.value.code
        return Said(
            code=code if isinstance(code, int) else int(code is not None), out=shown.out, err=shown.err
        )

    def now(self, _zone: tzinfo) -> datetime:
        """The time on this machine, in place of `datetime.now`."""
        return self.bot.works.house.clock() - self.slow

    @contextmanager
    def expect_nothing_written(self) -> Iterator[None]:
        """Neither GitHub nor the ledger, nor any request, approval or mark changes while this lasts."""
        before = self._state()
        yield
        assert self._state() == before

    def _state(self) -> tuple[object, ...]:
        town, store = self.bot.town, self.bot.store
        tables = ("ledger", "requests", "promotions", "approve_comments", "approval_records", "settings_kv")
        counts = [
            store.database.rows(f"select count(*) as n, max(t::text) as m from {name} t") for name in tables
        ]
        return (len(town.github.writes()), counts)


@contextmanager
def _logs_as_before() -> Iterator[None]:
    """A command sets up the logs of its process, which here is the tests' own."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


def seat(bot: Bot, database_url: str, pem: str, home: Path, **more: Any) -> Terminal:
    """A terminal with the bot's own settings."""
    variables = {
        "APP_ID": str(bot.settings.app_id),
        "PRIVATE_KEY": pem,
        "WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": bot.town.github.api_url,
        "DATABASE_URL": "postgresql:///?" + "&".join(database_url.split()),
        "LOCKSTEP_HOME": str(home),
    }
    return Terminal(bot=bot, variables=variables, **more)
