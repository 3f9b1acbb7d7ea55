"""The shipped guards' own tests in Rego, run as `opa test policies/guards` would, by the reference engine."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.rego.shipped import FOLDER
from bot.model.guards import SHIPPED
from tests.adapters.rego.reference import TEST, loaded


def source(path: Path) -> tuple[str, str]:
    return str(path), path.read_text("utf-8")


def rego_tests_of(guard: str) -> list[str]:
    return TEST.findall((FOLDER / f"{guard}_test.rego").read_text("utf-8"))


ALL = [(guard, name) for guard in SHIPPED for name in rego_tests_of(guard)]


@cache
def together() -> Any:
    """Every guard and every test in one engine: they share `package main`, so a name used twice would show here."""
    return loaded(*(source(path) for path in sorted(FOLDER.glob("*.rego"))))


@pytest.mark.parametrize(("guard", "name"), ALL, ids=[name for _, name in ALL])
def test_a_rego_test_holds_with_all_guards_loaded(guard: str, name: str) -> None:
    assert together().eval_rule(f"data.main.{name}") is True


@pytest.mark.parametrize("guard", SHIPPED)
def test_the_rego_rego_tests_of_a_guard_reach_each_of_its_lines(guard: str) -> None:
    path = FOLDER / f"{guard}.rego"
    engine = loaded(source(path), source(FOLDER / f"{guard}_test.rego"))
    engine.set_enable_coverage(True)
    assert [engine.eval_rule(f"data.main.{name}") for name in rego_tests_of(guard)] == [True] * len(
        rego_tests_of(guard)
    )
    report = json.loads(engine.get_coverage_report_as_json())
    (covered,) = [each for each in report["files"] if each["path"] == str(path)]
    assert covered["not_covered"] == []


def test_no_rego_test_has_the_name_of_another() -> None:
    assert len({name for _, name in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("guard", "kept", "broken"),
    [
        ("autoheal_disabled", '"y", "1"}', '"y"}'),
        ("autoheal_disabled", 'variable.profiles == ["dev"]', '"dev" in variable.profiles'),
        ("alertmanager_urls", 'count(split(target.host, ".")) == count(split(host, "."))', "true"),
        ("alertmanager_urls", '"private", "none"}', '"private", "none", "odd"}'),
        ("digest_only", "{64}$", "{64}"),
        ("digest_only", 'not contains(image, "$")', "true"),
        ("no_plain_secrets", "has_body(line)\n", "true\n"),
        ("protected_paths", "not changed.allowed", "true"),
    ],
)
def test_a_guard_that_was_weakened_fails_its_rego_tests(guard: str, kept: str, broken: str) -> None:
    path, text = source(FOLDER / f"{guard}.rego")
    assert kept in text
    engine = loaded((path, text.replace(kept, broken, 1)), source(FOLDER / f"{guard}_test.rego"))
    assert any(engine.eval_rule(f"data.main.{name}") is not True for name in rego_tests_of(guard))
