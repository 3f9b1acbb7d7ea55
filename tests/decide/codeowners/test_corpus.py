"""Real CODEOWNERS files of public repositories parse, with the counts that a reader of them would give.

LOCKSTEP_CORPUS names a folder with more of the same, in its part `codeowners`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.decide.codeowners import parse

OWN = Path(__file__).resolve().parents[2] / "data" / "codeowners" / "files"
CORPUS = Path(os.environ["LOCKSTEP_CORPUS"]) / "codeowners" if "LOCKSTEP_CORPUS" in os.environ else OWN
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.name.endswith("CODEOWNERS"))


def lines_that_say_something(data: bytes) -> int:
    """Lines that are neither blank nor a comment."""
    return sum(1 for line in data.decode().splitlines() if line.strip() and not line.strip().startswith("#"))


def test_there_are_files_to_read() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(CORPUS)))
def test_every_line_of_a_real_file_is_a_rule_or_a_named_error(path: Path) -> None:
    data = path.read_bytes()
    found = parse(data, path.name)
    assert len(found.rules) + len(found.errors) == lines_that_say_something(data)
