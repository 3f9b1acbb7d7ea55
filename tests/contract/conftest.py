"""The small world, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.small_world import Small, small_world


@pytest.fixture
def small() -> Iterator[Small]:
    """One organization, one repository, an App."""
    made = small_world()
    yield made
    made.world.close()
