"""The repository that the tests of the probes change."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.decide.probes.repo import Repo
from tests.decide.probes.repo import repo as made


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    root = tmp_path / "repo"
    root.mkdir()
    return made(root)
