"""One Prometheus for all tests that only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.adapters.outbound import Outbound
from bot.adapters.prometheus import Measures, Prometheus
from tests.adapters.prometheus.samples import town
from tests.servers.running import Running, prometheus


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real Prometheus that holds the town's samples."""
    with prometheus(tmp_path_factory.mktemp("prometheus"), town()) as running:
        yield running


@pytest.fixture
def client(server: Running) -> Prometheus:
    """The reader, pointed at it."""
    return Prometheus(server.url, Outbound([server.url]))


@pytest.fixture
def measures(client: Prometheus) -> Measures:
    """What the gates read."""
    return Measures(client)
