"""An App with a key, a clock that stands still, and a GitHub made of canned answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.adapters.github import AppClient, Installation, MemoryBudget
from tests.adapters.github.local import Local, local_github

API = "https://api.github.com"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MINT = f"{API}/app/installations/7/access_tokens"
SECRET = "ghs_averysecrettoken"


class FakeClock:
    """A clock that moves only when told."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        """Moves the clock on; `by` as for timedelta."""
        self.at += timedelta(**by)


@pytest.fixture(scope="session")
def key() -> str:
    """An RSA key as PEM text."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.fixture
def clock() -> FakeClock:
    """Noon."""
    return FakeClock()


@pytest.fixture
def budget() -> MemoryBudget:
    """Nothing used, nothing blocked."""
    return MemoryBudget()


@pytest.fixture
def app(key: str, clock: FakeClock, budget: MemoryBudget) -> AppClient:
    """The App, which knows its bot's id already."""
    return AppClient(app_id=5, private_key=key, api_url=API, clock=clock, budget=budget, bot_id=900)


@pytest.fixture
def github(app: AppClient) -> Installation:
    """Installation 7."""
    return app.installation(7)


@pytest.fixture
def canned() -> Iterator[responses.RequestsMock]:
    """No network at all: a request without a canned answer fails."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def mint(canned: responses.RequestsMock, *, token: str = SECRET, expires: datetime | None = None) -> None:
    """A token, good for an hour."""
    until = (expires or NOW + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    canned.add(responses.POST, MINT, json={"token": token, "expires_at": until}, status=201)


def paths(canned: responses.RequestsMock) -> list[str]:
    """Method and path of every request that was made."""
    return [f"{call.request.method} {call.request.path_url}" for call in canned.calls]


@pytest.fixture
def local() -> Iterator[Local]:
    """The local GitHub, fresh."""
    with local_github() as made:
        yield made
