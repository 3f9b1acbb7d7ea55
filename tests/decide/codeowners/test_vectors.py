"""Attack case 45: patterns, files and lines with a known result, and real files of public repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.decide.codeowners import CODEOWNERS_PATHS, owners_of, parse

DATA = Path(__file__).resolve().parents[2] / "data" / "codeowners"
VECTORS: list[dict[str, Any]] = json.loads((DATA / "vectors.json").read_text())
SURE = [each for each in VECTORS if each["status"] not in ("disputed", "contradicts-docs")]


def of_kind(kind: str) -> list[Any]:
    """The vectors of a kind, each named by its id."""
    return [pytest.param(each, id=each["id"]) for each in SURE if each["kind"] == kind]


@pytest.mark.parametrize("vector", of_kind("match"))
def test_case_45_a_pattern_matches_a_path_as_on_github(vector: dict[str, Any]) -> None:
    codeowners = parse(f"{vector['pattern']} @owner\n".encode())
    assert (owners_of(codeowners, vector["path"]) is not None) is vector["match"]


@pytest.mark.parametrize("vector", of_kind("owners"))
def test_case_45_a_file_gives_a_path_the_owners_that_github_gives_it(vector: dict[str, Any]) -> None:
    match = owners_of(parse("\n".join(vector["lines"]).encode()), vector["path"])
    assert (None if match is None else list(match.owners)) == vector["owners"]


@pytest.mark.parametrize("vector", of_kind("line"))
def test_case_45_a_line_is_valid_or_not_as_on_github(vector: dict[str, Any]) -> None:
    codeowners = parse(vector["line"].encode())
    assert (not codeowners.errors) is vector["valid"]
    if vector["valid"] and vector["line"].strip():
        (rule,) = codeowners.rules
        assert list(rule.owners) == vector["owners"]
        assert rule.pattern == vector.get("pattern", rule.pattern)


def test_case_45_nearly_all_vectors_are_asserted() -> None:
    kinds = {kind: len(of_kind(kind)) for kind in ("match", "owners", "line", "fact")}
    assert kinds == {"match": 204, "owners": 24, "line": 22, "fact": 7}


def test_case_45_the_places_are_githubs_in_its_order() -> None:
    (order,) = [each["expect"] for each in SURE if each.get("rule") == "location-order"]
    assert list(CODEOWNERS_PATHS) == order


@pytest.mark.parametrize(
    ("name", "rules", "unowned", "errors"),
    [
        ("99designs__gqlgen", 1, 0, []),
        ("EnricoMi__publish-unit-test-result-action", 1, 0, []),
        ("apache__airflow", 80, 0, []),
        ("googleapis__google-cloud-go", 21, 2, []),
        ("istio__istio", 69, 1, []),
        ("mdn__browser-compat-data", 16, 5, []),
        ("nodejs__node", 151, 0, []),
        ("open-telemetry__opentelemetry-specification", 8, 0, [32, 34]),
        ("prometheus__prometheus", 12, 0, []),
        ("runatlantis__atlantis", 0, 0, [3]),
    ],
)
def test_a_real_file_is_read_whole(name: str, rules: int, unowned: int, errors: list[int]) -> None:
    codeowners = parse((DATA / "files" / f"{name}.CODEOWNERS").read_bytes())
    without = [rule for rule in codeowners.rules if not rule.owners]
    assert (len(codeowners.rules), len(without)) == (rules, unowned)
    assert [error.line for error in codeowners.errors] == errors
