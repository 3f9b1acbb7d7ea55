"""A real Alertmanager for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.alerts import Real
from tests.servers.running import alertmanager


@pytest.fixture
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """An Alertmanager without alerts."""
    with alertmanager(tmp_path_factory.mktemp("alertmanager")) as server:
        yield Real(server=server)
