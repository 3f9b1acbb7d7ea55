"""How names get into queries: after a grammar check, escaped, one query per component where it is asked for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.adapters.prometheus import Scope
from bot.adapters.prometheus.queries import CANARY_TRAFFIC, ERROR_BUDGET, duration, own, quoted, shipped

STAGING = Scope(environment="staging", components=("api", "web.v2"))


@pytest.mark.parametrize("name", ['x"} or vector(100) #', "Staging", "", "a b", "a\n", "a|b", ".*", "é"])
def test_an_environment_that_is_no_name_never_gets_into_a_query(name: str) -> None:
    with pytest.raises(ValueError, match="do not belong into a query"):
        Scope(environment=name)


@pytest.mark.parametrize("name", ['api"}', "a|b", "", "API", "a\\", "a\n", "*"])
def test_a_component_that_is_no_name_never_gets_into_a_query(name: str) -> None:
    with pytest.raises(ValueError, match="do not belong into a query"):
        Scope(environment="staging", components=(name,))


@pytest.mark.parametrize("label", ["a-b", "a b", "", "1a", 'a="b"'])
def test_a_label_that_is_no_name_never_gets_into_a_query(label: str) -> None:
    with pytest.raises(ValueError, match="do not belong into a query"):
        Scope(environment="staging", environment_label=label)


def test_the_selector_matches_exactly_the_components() -> None:
    assert STAGING.selector == r'environment="staging", component=~"api|web\\.v2"'


def test_a_string_is_escaped() -> None:
    assert quoted('a"b\\c\nd') == r'"a\"b\\c\nd"'


def test_a_query_that_names_the_component_is_asked_for_each() -> None:
    found = own('x{e="$environment",c="${component}"}[$window]', STAGING, timedelta(minutes=90))
    assert found == ('x{e="staging",c="api"}[90m]', 'x{e="staging",c="web.v2"}[90m]')


def test_a_query_that_does_not_is_asked_once() -> None:
    assert own("rate(x[$window]) + $other", STAGING, timedelta(days=30)) == ("rate(x[30d]) + $other",)


def test_the_allowed_share_of_errors_is_exact() -> None:
    assert shipped(ERROR_BUDGET, STAGING, timedelta(days=30), objective=99.9).endswith("* 100 / 0.1")


def test_nothing_is_left_to_fill_in() -> None:
    canary = shipped(CANARY_TRAFFIC, Scope(environment="canary"), timedelta(hours=24), stable="production")
    assert "$" not in canary
    assert 'environment=~"canary|production"' in canary


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (timedelta(days=30), "30d"),
        (timedelta(hours=24), "1d"),
        (timedelta(hours=1), "1h"),
        (timedelta(seconds=90), "90s"),
        (timedelta(milliseconds=1), "1ms"),
        (timedelta(0), "1ms"),
    ],
)
def test_durations_are_written_as_prometheus_reads_them(value: timedelta, text: str) -> None:
    assert duration(value) == text
