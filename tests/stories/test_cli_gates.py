"""`lockstep gates`: what a promotion's gates say, without writing anything (rows P4, P5, P12)."""

from __future__ import annotations

import pytest

from tests.stories.cast import Bot, Town
from tests.stories.terminal import Terminal
from tests.stories.test_gates import BY_REPORT, GOOD, MEASURED, built, demand, lcov

ASK = ("gates", "--from", "dev", "--to", "staging")


def by_hand(town: Town) -> None:
    """Nothing goes to staging until somebody asks."""
    rules = (town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml") or b"").decode()
    text = rules.replace("auto_promote: true", "auto_promote: false")
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": text}, by="ana")


def test_an_open_promotion_is_judged_as_it_stands(bot: Bot, town: Town, terminal: Terminal):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    with terminal.expect_nothing_written():
        said = terminal.runs(*ASK)
    assert said.code == 0, said.err
    assert said.out.startswith(f"#{town.pull('staging').number}: Promote api 7.0.0 to staging")
    rows = [line.split() for line in said.out.splitlines() if line.startswith("coverage")]
    assert rows[0][:4] == ["coverage", "pass", "80%", "(8"]


def test_the_sentences_are_those_of_the_check_run(bot: Bot, town: Town, terminal: Terminal):
    demand(town, MEASURED)
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}})
    bot.settles()
    said = terminal.runs(*ASK)
    title = town.checks(town.pull("staging"))["lockstep: main / gates"].output["title"]
    assert said.code == 1
    assert f"block: coverage: {title}" in said.out


def test_who_must_still_approve_is_told_and_not_counted(bot: Bot, town: Town, terminal: Terminal):
    demand(town, MEASURED)
    built(town, GOOD)
    bot.settles()
    said = terminal.runs(*ASK)
    assert said.code == 0
    assert (
        "wait: approvals (waits for a person): Waits for: 1 of platform (members of splattop/platform may)"
        in said.out
    )


@pytest.mark.parametrize(("coverage", "code"), [(8, 0), (6, 1)], ids=["enough", "too little"])
def test_what_would_be_promoted_now_is_measured_without_a_pull_request(
    bot: Bot, town: Town, terminal: Terminal, coverage: int, code: int
):
    demand(town, MEASURED)
    by_hand(town)
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(coverage, 10)}})
    bot.settles()
    with terminal.expect_nothing_written():
        said = terminal.runs(*ASK, "--json")
    assert said.code == code, said.err
    (promotion,) = said.json["promotions"]
    assert promotion["pull"] is None
    assert promotion["components"]["api"]["tag"] == "7.0.0"
    found = {each["gate"]: each for each in promotion["gates"]}
    assert found["coverage"]["evidence"][0]["measured"].startswith(f"{coverage}0%")
    assert found["coverage"]["evidence"][0]["age_seconds"] >= 0


def test_machines_get_the_answer_with_its_evidence(bot: Bot, town: Town, terminal: Terminal):
    demand(town, f"tests: {BY_REPORT}")
    built(town, GOOD)
    bot.settles()
    answer = terminal.runs(*ASK, "--json").json
    assert (answer["ok"], answer["repository"], answer["to"]) == (True, "splattop/config", "staging")
    tests = next(each for each in answer["promotions"][0]["gates"] if each["gate"] == "tests")
    assert tests["outcome"] == "pass"
    assert tests["evidence"][0]["needed"] == "no failure, at least 1 executed"


def test_a_server_that_does_not_answer_is_exit_code_3(bot: Bot, town: Town, terminal: Terminal):
    demand(town, "slo: {min_availability_percent: 99}")
    built(town, GOOD)
    bot.settles()
    said = terminal.runs(*ASK, PROMETHEUS_URL="http://127.0.0.1:9")
    assert said.code == 3
    assert "unknown: slo: " in said.out


def test_variables_do_as_well_as_options(bot: Bot, town: Town, terminal: Terminal):
    built(town, GOOD)
    bot.settles()
    said = terminal.runs("gates", FROM_ENV="dev", TO_ENV="staging")
    assert said.code == 0, said.err
    assert said.out.startswith("#")


def test_nothing_to_promote_is_no_failure(bot: Bot, town: Town, terminal: Terminal):
    said = terminal.runs(*ASK)
    assert said.code == 0, said.err
    assert "Nothing to promote to staging" in said.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--from", "dev"), "Say where to: --to ENV, or TO_ENV."),
        (
            ("--to", "moon"),
            "`moon` is not an environment of promotion/promotion-rules.yaml; there are dev, staging.",
        ),
        (("--from", "canary", "--to", "staging"), "staging takes releases from dev, not from `canary`"),
        (
            ("--to", "staging", "--component", "db"),
            "`db` is not a component of promotion/promotion-rules.yaml",
        ),
        (("--to", "staging", "--source", "lib"), "`lib` is not a source of promotion/promotion-rules.yaml"),
        (("--to", "staging", "--repository", "a/b"), "--repository a/b is no config repository of this App"),
    ],
)
def test_a_name_that_nobody_knows_is_exit_code_2(bot: Bot, town: Town, terminal: Terminal, words, says):
    said = terminal.runs("gates", *words)
    assert (said.code, says in said.err) == (2, True), said.err


def test_invalid_rules_are_exit_code_2(bot: Bot, town: Town, terminal: Terminal):
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": "version: 2\n"}, by="ana")
    said = terminal.runs(*ASK)
    assert said.code == 2
    assert "the rules of splattop/config are invalid: promotion/promotion-rules.yaml:1:" in said.err


def test_a_github_that_does_not_answer_is_exit_code_3(bot: Bot, terminal: Terminal):
    said = terminal.runs(*ASK, GITHUB_API_URL="http://127.0.0.1:9")
    assert said.code == 3
    assert "Try again later" in said.err
