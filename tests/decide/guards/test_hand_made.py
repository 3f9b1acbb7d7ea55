"""Files made by hand to get past a guard, or to be found by mistake: what each guard says of each, line by line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.decide.guards import Guarded
from tests.decide.guards.asking import look

DATA = Path(__file__).resolve().parents[2] / "data" / "guards" / "hand-made.yaml"
CASES: dict[str, dict[str, Any]] = yaml.safe_load(DATA.read_text("utf-8"))


@cache
def everything() -> Guarded:
    return look(
        {f"{name}/{path}": text for name, case in CASES.items() for path, text in case["files"].items()}
    )


@pytest.mark.parametrize("name", CASES)
def test_a_hand_made_file_is_told_apart(name: str) -> None:
    case = CASES[name]
    told: dict[str, list[int]] = {}
    for each in everything().findings:
        folder, _, path = each.file.partition("/")
        if folder == name and each.guard in (case["guard"], "unreadable") and each.severity == "deny":
            told.setdefault(path, []).append(each.line)
    assert told == case["denied"]
