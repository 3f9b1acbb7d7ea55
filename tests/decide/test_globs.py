"""Which branches a pattern of the rules file names."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.decide.globs import matches, matches_any


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("main", "main", True),
        ("main", "Main", False),
        ("main", "main2", False),
        ("main", "feature/main", False),
        ("", "", True),
        ("", "x", False),
        ("*", "main", True),
        ("*", "", True),
        ("*", "a/b", False),
        ("release/*", "release/1.2", True),
        ("release/*", "release/1.2/x", False),
        ("release/*", "release", False),
        ("hotfix/**", "hotfix/a", True),
        ("hotfix/**", "hotfix/a/b/c", True),
        ("hotfix/**", "hotfix", False),
        ("hotfix/**", "hotfixed/a", False),
        ("hotfix/**", "x/hotfix/a", False),
        ("**", "a/b/c", True),
        ("**/x", "x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "ax", False),
        ("a/**/x", "a/x", True),
        ("a/**/x", "a/b/c/x", True),
        ("a/**/x", "abx", False),
        ("v**/x", "v1/2/x", True),
        ("v**/x", "v/x", True),
        ("v**/x", "vx", False),
        ("v*.*", "v1.2", True),
        ("v*.*", "v12", False),
        ("*-rc*", "1.0-rc1", True),
        ("a?c", "abc", False),
        ("a[b]c", "abc", False),
        ("a.c", "abc", False),
        ("main", "main\n", False),
        ("m*", "m\n", True),
        ("***", "a/b", True),
    ],
)
def test_a_pattern_names_a_branch_or_not(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_any_of_several_patterns_is_enough_and_none_is_none() -> None:
    assert matches_any(["main", "hotfix/**"], "hotfix/x")
    assert not matches_any([], "main")


@settings(deadline=None)
@given(st.text(max_size=40))
def test_a_pattern_without_stars_names_only_itself(text: str) -> None:
    assert matches(text, text) or "*" in text
    assert not matches(text.replace("*", ""), text + "x")


@settings(deadline=None)
@given(st.text("ab/", max_size=12), st.text("ab/", max_size=12))
def test_a_double_star_names_whatever_begins_and_ends_so(front: str, middle: str) -> None:
    assert matches(f"{front}x**", f"{front}x{middle}")


@pytest.mark.parametrize("star", ["*", "**", "*a", "**/"])
def test_case_46_forty_stars_and_a_near_miss_are_answered_quickly(star: str) -> None:
    start = time.process_time()
    assert not matches(star * 40 + "x", "a" * 255)
    assert not matches(star * 300 + "x", "a/" * 500)
    assert time.process_time() - start < 1
    assert not matches("**", "a" * 5000)
