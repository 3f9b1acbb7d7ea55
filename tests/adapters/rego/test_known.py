"""A shipped guard is asked once about the same input; everything else is asked each time."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from bot.adapters.rego import Rego, shipped
from bot.adapters.rego.known import LARGEST, Known
from bot.model.guards import Asked, Module

SOURCE = 'package main\n\nimport rego.v1\n\ndeny contains "small" if input.n < 2\n'
OURS = Asked(module=Module(name="ours", path="ours.rego", source=SOURCE), inputs=({"n": 1},))
THEIRS = replace(OURS, module=replace(OURS.module, own=True))
IMPURE = re.compile(r"\b(time|rand|uuid|http|net|opa|io|trace|print)\b\s*[.(]")


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The children that were started."""
    started: list[object] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, *given: Any, **more: Any) -> None:
            started.append(given)
            super().__init__(*given, **more)

    monkeypatch.setattr("bot.adapters.rego.engine.subprocess.Popen", Counted)
    return started


def test_a_shipped_guard_is_asked_once_about_the_same_input(children: list[object]):
    engine = Rego(known=Known())
    first, second = engine.evaluate([OURS]), engine.evaluate([OURS])
    assert first[0].results == second[0].results == [{"deny": ["small"]}]
    assert len(children) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(OURS, inputs=({"n": 3},)),
        replace(OURS, inputs=({"n": 1}, {"n": 1})),
        replace(OURS, module=replace(OURS.module, source=SOURCE.replace("small", "tiny"))),
    ],
    ids=["input", "one more input", "text"],
)
def test_another_text_or_input_is_asked_about(other: Asked, children: list[object]):
    engine = Rego(known=Known())
    (before,), (after,) = engine.evaluate([OURS]), engine.evaluate([other])
    assert before.results != after.results
    assert len(children) == 2


def test_only_what_is_not_known_is_asked_and_the_answers_keep_their_order(children: list[object]):
    engine, other = Rego(known=Known()), replace(OURS, inputs=({"n": 3},))
    engine.evaluate([OURS])
    said = engine.evaluate([other, OURS])
    assert [each.results for each in said] == [[{"deny": []}], [{"deny": ["small"]}]]
    assert len(children) == 2


def test_the_teams_own_guard_is_asked_each_time(children: list[object]):
    engine = Rego(known=Known())
    assert engine.evaluate([THEIRS])[0].results == engine.evaluate([THEIRS])[0].results
    assert len(children) == 2


def test_an_error_is_not_remembered(children: list[object]):
    engine = Rego(known=Known(), shipped_seconds=0.001)
    assert "did not answer" in (engine.evaluate([OURS])[0].error or "")
    assert engine.evaluate([OURS])[0].error
    assert len(children) == 2


def test_answers_about_large_inputs_are_not_kept():
    known = Known()
    large = replace(OURS, inputs=({"text": "x" * LARGEST},))
    known.keep(large, Rego(known=Known()).evaluate([OURS])[0])
    assert known.answer(large) is None


def test_the_answer_asked_for_longest_ago_makes_room():
    known, other, third = Known(most=2), replace(OURS, inputs=(2,)), replace(OURS, inputs=(3,))
    said = Rego(known=Known()).evaluate([OURS])[0]
    known.keep(OURS, said)
    known.keep(other, said)
    known.answer(OURS)
    known.keep(third, said)
    assert [known.answer(each) for each in (OURS, other, third)] == [said, None, said]


@pytest.mark.parametrize("module", shipped(), ids=lambda module: module.name)
def test_what_a_shipped_guard_says_depends_on_its_input_alone(module: Module):
    assert not IMPURE.search(module.source)
