"""Stories: a fresh town and a fresh bot for each, every exchange held to GitHub's published descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.store import Store
from bot.sandbox.scenario import Sandbox
from tests.contract.recorder import ContractRecorder
from tests.stories.cast import Bot, Town, hire, set_up
from tests.stories.terminal import Terminal, seat


@pytest.fixture(scope="session")
def private_key() -> str:
    """The App's key; made once, because making one takes a while."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


RUNNING = frozenset(
    f"test_{name}"
    for name in (
        *(
            "canaries",
            "evidence",
            "findings",
            "four_environments",
            "gates",
            "guards",
            "hotfix_shown",
            "hotfix_ways",
        ),
        *(
            "mortal",
            "outages",
            "outages_deploying",
            "signatures",
            "validation_action",
            "validation_elsewhere",
        ),
    )
)
"""Files whose stories have not been tried with a standing clock yet: theirs goes on as the real one does."""


def noon() -> datetime:
    """When stories happen: time stands still but for `bot.waits`, so that a slow machine tells no other story.

    In the real future: the queue plans by the database's clock, which must find nothing due that the story's has not
    reached (`drain` hands out what is due by the story's).
    """
    return (datetime.now(UTC) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def town(private_key: str, request: pytest.FixtureRequest) -> Iterator[Town]:
    """The local GitHub. What broke GitHub's published descriptions, or its own code, fails the story."""
    recorder = ContractRecorder()
    with Sandbox.start() as github:
        if request.path.stem not in RUNNING:
            github.world.clock.freeze(noon())
        github.observe(recorder)
        yield set_up(github, private_key)
        assert github.unknown_routes == []
        assert github.crashes == []
    recorder.assert_clean()


@pytest.fixture
def store(patient_store: Store) -> Store:
    """An empty store that waits for a busy machine."""
    return patient_store


@pytest.fixture
def bot(town: Town, store: Store, private_key: str) -> Bot:
    """Lockstep, settled: it knows the installation and has nothing to do."""
    return hire(town, store, private_key).settles()


@pytest.fixture
def terminal(
    bot: Bot,
    database_url: str,
    private_key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Terminal:
    """A terminal where `lockstep` runs with the bot's settings."""
    return seat(bot, database_url, private_key, tmp_path, monkeypatch=monkeypatch, capsys=capsys)
