"""What is remembered between runs, and what never replaces GitHub's own word."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.adapters.github import PERMISSIONS
from bot.adapters.github.known import MOST_CHECKS, MOST_TREES, Known, KnownCheck
from bot.model.facts import Repository

MANIFEST = Path(__file__).parents[3] / "app.yml"


def repository(number: int, name: str) -> Repository:
    return Repository(id=number, node_id=f"R_{number}", full_name=name, default_branch="main")


def test_what_the_store_knows_does_not_replace_what_github_said() -> None:
    known = Known()
    known.remember([repository(1, "octo/new")])
    known.suggest([repository(1, "octo/old"), repository(2, "octo/two")])
    assert known.repository(1) == repository(1, "octo/new")
    assert known.repository(2) == repository(2, "octo/two")


def test_case_25_a_name_belongs_to_the_repository_that_was_seen_with_it_last() -> None:
    known = Known()
    known.remember([repository(1, "octo/app")])
    known.remember([repository(2, "Octo/App")])
    assert (known.repository(1), known.named("octo/app")) == (None, repository(2, "Octo/App"))


def test_a_suggestion_never_takes_anothers_name() -> None:
    known = Known()
    known.remember([repository(2, "octo/app")])
    known.suggest([repository(1, "octo/app")])
    assert known.repository(1) is None


def test_a_complete_list_forgets_what_is_not_in_it() -> None:
    known = Known()
    known.remember([repository(1, "octo/app")])
    known.replace([repository(2, "octo/two")])
    assert known.repository(1) is None


def test_memory_is_bounded() -> None:
    known = Known()
    for number in range(MOST_TREES + 1):
        known.remember_tree(f"c{number}", "t")
    for number in range(MOST_CHECKS + 1):
        known.remember_check(f"k{number}", KnownCheck(completed=True, annotated=False))
    assert (known.tree("c0"), known.check("k0").completed) == (None, False)
    assert (known.tree("c1"), known.check("k1").completed) == ("t", True)


@pytest.mark.parametrize(("name", "level"), sorted(PERMISSIONS.items()))
def test_the_manifest_asks_for_every_permission_that_a_token_needs(name: str, level: str) -> None:
    granted = yaml.safe_load(MANIFEST.read_text())["default_permissions"].get(name)
    assert granted in (level, "write")
