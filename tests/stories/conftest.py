"""Stories: a fresh town and a fresh bot for each, every exchange held to GitHub's published descriptions."""

from __future__ import annotations

from collections.abc import Iterator
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


@pytest.fixture
def town(private_key: str) -> Iterator[Town]:
    """The local GitHub. What broke GitHub's published descriptions, or its own code, fails the story."""
    recorder = ContractRecorder()
    with Sandbox.start() as github:
        github.observe(recorder)
        yield set_up(github, private_key)
        assert github.unknown_routes == []
        assert github.crashes == []
    recorder.assert_clean()


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
