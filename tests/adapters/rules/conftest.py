"""Rules files for the tests of this folder: one that is valid, and ways to say what is wrong with another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.rules import check_text
from bot.model.policy import Policy

FILE = "promotion/promotion-rules.yaml"

VALID = """\
version: 1
sources:
  - repository: splattop/app
    workflow: .github/workflows/build.yml
    components:
      api: {image: ghcr.io/splattop/api}
roles:
  sre: {teams: [splattop/sre]}
environments:
  dev:
    values: [{file: helm/values-dev.yaml, path: "{component}.image"}]
"""


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder with whole rules files."""
    return Path(__file__).parents[2] / "data" / "rules"


@pytest.fixture
def valid() -> str:
    """A small rules file without errors, which ends inside its only environment, `dev`."""
    return VALID


@pytest.fixture
def errors() -> Callable[[str], list[str]]:
    """The errors of a rules file as `line:column key: message`."""

    def read(text: str) -> list[str]:
        found = check_text(FILE, text.encode()).errors
        return [f"{error.line}:{error.column} {error.key}: {error.message}" for error in found]

    return read


@pytest.fixture
def policy() -> Callable[[str], Policy]:
    """The policy of a rules file that must be valid."""

    def read(text: str) -> Policy:
        result = check_text(FILE, text.encode(), sha="a" * 40)
        assert result.policy is not None, [str(error) for error in result.errors]
        return result.policy

    return read
