"""Hostile content in the guards' way: found or refused within limits, and hiding nothing else (G1, cases 49, 50)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.confined import Apart, Limits
from bot.adapters.rego import Rego
from bot.sandbox.setting import Link, Submodule
from tests.stories.cast import RULES, Bot, Town
from tests.stories.test_guards import CHECK, RULES_FILE, SUMMARY, UNSAFE, based, proposed, told

ENDLESS = """\
package main

import rego.v1

deny contains x if { some x in numbers.range(1, 100000); some y in numbers.range(1, 100000); x + y == 0 }
"""
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


@pytest.mark.parametrize("kind", [Link("/etc/passwd"), Submodule("1" * 40)], ids=["symlink", "submodule"])
def test_case_50_a_link_is_found_and_never_followed(bot: Bot, town: Town, kind: object):
    pull = proposed(bot, town, {"ops/compose.yml": kind, "ops/docker-compose.yml": UNSAFE})
    assert town.check(pull, CHECK) == ("completed", "failure")
    assert told(town.checks(pull)[CHECK]) == [
        ("ops/compose.yml", 1, "failure"),
        ("ops/docker-compose.yml", 5, "failure"),
    ]


def test_case_49_a_file_of_100_megabytes_is_found_unread(bot: Bot, town: Town):
    pull = proposed(bot, town, {"ops/compose.yml": bytes(100_000_000), "ops/docker-compose.yml": UNSAFE})
    assert town.check(pull, SUMMARY) == ("completed", "failure")
    assert [place[0] for place in told(town.checks(pull)[CHECK])] == [
        "ops/compose.yml",
        "ops/docker-compose.yml",
    ]
    assert not [each.path for each in town.github.requests if "/git/blobs/" in each.path]


def test_case_49_a_bomb_is_refused_for_the_team_s_own_guard_and_hides_nothing(bot: Bot, town: Town):
    own = 'package main\n\nimport rego.v1\n\ndeny contains "no" if input.nothing\n'
    rules = RULES + "guards: {directory: policy}\n"
    based(bot, town, {RULES_FILE: rules, "policy/own.rego": own})
    pull = proposed(bot, town, {"ops/bomb.yaml": BOMB, "ops/docker-compose.yml": UNSAFE})
    assert told(town.checks(pull)[CHECK]) == [
        ("ops/bomb.yaml", 1, "failure"),
        ("ops/docker-compose.yml", 5, "failure"),
    ]


def test_case_74_an_endless_team_guard_fails_with_its_own_name_and_hides_nothing(bot: Bot, town: Town):
    house = replace(bot.works.house, engine=Rego(seconds=1.0))
    bot = replace(bot, works=replace(bot.works, house=house))
    rules = RULES + "guards: {directory: policy}\n"
    based(bot, town, {RULES_FILE: rules, "policy/endless.rego": ENDLESS})
    pull = proposed(bot, town, {"ops/docker-compose.yml": UNSAFE})
    found = town.checks(pull)[CHECK]
    assert told(found) == [("ops/docker-compose.yml", 5, "failure"), ("policy/endless.rego", 1, "failure")]
    assert "the guard endless could not be evaluated: it did not answer within 1 seconds" in str(
        found.annotations
    )


def test_case_74_files_that_take_too_long_to_read_are_refused_within_the_limit(bot: Bot, town: Town):
    short = Apart(limits=Limits(seconds=1, megabytes=256))
    bot = replace(bot, works=replace(bot.works, house=replace(bot.works.house, apart=short)))
    many = "services:\n" + "".join(f" k{number}: {{image: a}}\n" for number in range(60_000))
    pull = proposed(bot, town, {"ops/compose.yml": many})
    found = town.checks(pull)[CHECK]
    assert (found.status, found.conclusion) == ("completed", "failure")
    assert "The guards could not look at this: reading the files takes " in str(found.output)
