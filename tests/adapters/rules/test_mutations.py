"""Whatever is done to a valid file: it loads, or gives errors within its lines, and never an exception."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.adapters.rules import check_text
from bot.adapters.rules.document import read_document

RULES = Path(__file__).parents[2] / "data" / "rules" / "everything.yaml"
WHOLE = read_document("everything.yaml", RULES.read_bytes()).data
Route = tuple[str | int, ...]

OTHERS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["off", "../x", "{component}", "1:30", "dev", "0s", "=", "<<", "a@b"]),
    st.lists(st.one_of(st.none(), st.text(max_size=5), st.integers()), max_size=3),
    st.dictionaries(
        st.text(max_size=5), st.one_of(st.none(), st.integers(), st.text(max_size=5)), max_size=3
    ),
)


def routes(value: Any, above: Route = ()) -> list[Route]:
    """The way to every key and list item."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [route for key, below in inner for route in [(*above, key), *routes(below, (*above, key))]]


def holder(value: Any, route: Route) -> Any:
    for step in route[:-1]:
        value = value[step]
    return value


def dumped(value: Any) -> str:
    """The value as YAML."""
    return str(yaml.dump(value, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))


def check_holds(text: str) -> None:
    """The promise: a policy, or errors within the lines of the file."""
    result = check_text("rules.yaml", text.encode())
    assert (result.policy is None) == bool(result.errors)
    lines = text.count("\n") + 1
    assert [error for error in result.errors if not (1 <= error.line <= lines and error.column >= 1)] == []
    assert list(result.errors) == sorted(result.errors, key=lambda error: (error.line, error.column))


@pytest.mark.parametrize("route", routes(WHOLE), ids=lambda route: ".".join(map(str, route)))
def test_a_key_that_is_deleted_is_no_surprise(route: Route) -> None:
    changed = copy.deepcopy(WHOLE)
    del holder(changed, route)[route[-1]]
    check_holds(dumped(changed))


@given(route=st.sampled_from(routes(WHOLE)), value=OTHERS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_value_that_is_retyped_is_no_surprise(route: Route, value: Any) -> None:
    changed = copy.deepcopy(WHOLE)
    holder(changed, route)[route[-1]] = value
    check_holds(dumped(changed))


@given(route=st.sampled_from(routes(WHOLE)), name=st.text(max_size=30))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_key_that_is_renamed_is_no_surprise(route: Route, name: str) -> None:
    changed = copy.deepcopy(WHOLE)
    within = holder(changed, route)
    if isinstance(within, dict):
        within[name] = within.pop(route[-1])
    else:
        within[route[-1]] = name
    check_holds(dumped(changed))


@given(start=st.integers(0, 6000), length=st.integers(0, 30), put=st.text(max_size=8))
@settings(max_examples=150, deadline=None)
def test_text_that_is_cut_and_pasted_anywhere_is_no_surprise(start: int, length: int, put: str) -> None:
    text = RULES.read_text(encoding="utf-8")
    changed = (text[:start] + put + text[start + length :]).encode("utf-8", "replace")
    check_holds(changed.decode("utf-8"))


@given(data=st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_at_all_are_no_surprise(data: bytes) -> None:
    assert check_text("rules.yaml", data).policy is None
