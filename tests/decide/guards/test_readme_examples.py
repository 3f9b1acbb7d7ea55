"""The README's examples of each guard, run as they stand there: the one that fails does so on the lines it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.model.guards import SHIPPED, Change
from bot.model.policy_after import Guards
from tests.decide.guards.asking import found, look

README = (Path(__file__).resolve().parents[3] / "README.md").read_text("utf-8")
BLOCK = re.compile(
    r"^```(yaml|text)\n# (fails|passes)(?:: ([^\s:]+)(?::([0-9,]+))?)?\n(.*?)^```$", re.M | re.S
)
REST_OF_A_TOKEN = "A1b2" * 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    guard: str
    language: str
    verdict: str
    path: str
    lines: list[int]
    text: str


def examples() -> list[Example]:
    told = []
    for name, page in re.findall(r"^#### ([a-z_]+)\n(.*?)(?=^#{2,4} )", README, re.M | re.S):
        for language, verdict, path, lines, text in BLOCK.findall(page):
            numbers = [int(each) for each in lines.split(",")] if lines else []
            shown = f"# {verdict}\n{text}".replace("ghp_…", "ghp_" + REST_OF_A_TOKEN)
            told.append(
                Example(guard=name, language=language, verdict=verdict, path=path, lines=numbers, text=shown)
            )
    return told


FILES = [each for each in examples() if each.language == "yaml"]
CHANGES = [each for each in examples() if each.language == "text"]


def test_each_shipped_guard_has_an_example_that_fails_and_one_that_passes() -> None:
    assert sorted((each.guard, each.verdict) for each in examples()) == sorted(
        (guard, verdict) for guard in SHIPPED for verdict in ("fails", "passes")
    )


@pytest.mark.parametrize("example", FILES, ids=lambda each: f"{each.guard} {each.verdict}")
def test_an_example_file_is_judged_as_the_readme_says(example: Example) -> None:
    told = found(look({example.path: example.text}), example.path, example.guard)
    assert sorted(each.line for each in told if each.severity == "deny") == example.lines


@pytest.mark.parametrize("example", CHANGES, ids=lambda each: f"{each.guard} {each.verdict}")
def test_an_example_promotion_is_judged_as_the_readme_says(example: Example) -> None:
    paths = tuple(each for each in example.text.splitlines() if not each.startswith("#"))
    change = Change(environment="staging", paths=paths, values=("helm/values-staging.yaml",))
    told = look({}, Guards(allowed_paths=("docs/**",)), change=change)
    assert [(each.guard, each.file) for each in told.findings] == (
        [("protected_paths", example.path)] if example.verdict == "fails" else []
    )
