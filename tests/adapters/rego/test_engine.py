"""The engine: what conftest's guards say is understood, and a broken, endless or greedy one hides no other."""

from __future__ import annotations

import os

import pytest

from bot.adapters.rego import Rego, shipped
from bot.model.guards import Answered, Asked, Module

HEAD = "package main\n\nimport rego.v1\n\n"
FINE = HEAD + 'deny contains "small" if input.n < 2\n'


def asked(source: str, *inputs: object, name: str = "own") -> Asked:
    module = Module(name=name, path=f"policy/{name}.rego", source=source, own=True)
    return Asked(module=module, inputs=inputs or ({"n": 1},))


def ask(source: str, *inputs: object, engine: Rego | None = None) -> Answered:
    return (engine or Rego()).evaluate([asked(source, *inputs)])[0]


@pytest.mark.parametrize(
    ("source", "results"),
    [
        (FINE, {"deny": ["small"]}),
        (
            HEAD + 'warn contains {"msg": "m", "path": ["a", 0]} if true\n',
            {"warn": [{"msg": "m", "path": ["a", 0]}]},
        ),
        (
            HEAD + 'deny_one contains "a" if true\nviolation contains "b" if true\n',
            {"deny_one": ["a"], "violation": ["b"]},
        ),
        ('package main\n\ndeny[msg] { input.n == 1; msg := "old" }\n', {"deny": ["old"]}),
        (HEAD + "deny contains input.text\n", {"deny": ['a "b" \\ c']}),
    ],
    ids=["set", "object", "suffix and violation", "Rego before 1.0", "awkward text"],
)
def test_rules_are_understood_as_conftest_does(source: str, results: dict[str, list[object]]) -> None:
    assert ask(source, {"n": 1, "text": 'a "b" \\ c'}).results == [results]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("package other\n\nimport rego.v1\n\ndeny contains 1\n", "write `package main`"),
        (HEAD + "allow := true\n", "no rule named deny"),
        (HEAD + "deny contains msg if {\n", "line 5"),
        (HEAD + "deny contains nosuch(input.n)\n", "crashes the engine"),
    ],
    ids=["package", "no rule", "syntax", "unknown function"],
)
def test_a_broken_guard_says_why(source: str, why: str) -> None:
    assert why in (ask(source).error or "")


ENDLESS = (
    HEAD
    + "deny contains x if { some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); x + y == 0 }\n"
)


def test_an_endless_guard_ends_and_hides_no_other() -> None:
    endless, fine = Rego(seconds=1.0).evaluate([asked(ENDLESS), asked(FINE)])
    assert endless.error is not None
    assert fine.results == [{"deny": ["small"]}]


def test_a_greedy_guard_ends() -> None:
    greedy = HEAD + "deny contains x if { x := [y | some y in numbers.range(1, 50000000)] }\n"
    assert ask(greedy, engine=Rego(memory=150 << 20, seconds=20)).error is not None


def test_a_guard_sees_nothing_of_the_processs_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_KEY", "canary")
    told = ask(HEAD + 'deny contains sprintf("%v", [opa.runtime().env]) if true\n')
    assert "canary" not in str(told)
    assert os.environ["PRIVATE_KEY"] == "canary"


@pytest.mark.parametrize("module", shipped(), ids=lambda each: each.name)
def test_every_shipped_guard_is_understood_and_silent_about_nothing(module: Module) -> None:
    (answer,) = Rego().evaluate(
        [Asked(module=module, inputs=[{"files": [], "rules": {"allowed_hosts": []}}])]
    )
    assert answer.error is None
    assert not any(answer.results[0].values())
