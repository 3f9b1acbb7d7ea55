"""The evidence record of merges out of the ordinary: with an override in force, and by a merge queue (row B6)."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from bot.sandbox.state import Pull
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.terminal import Terminal
from tests.stories.test_evidence import git, noted, record, rows, shown, trailers
from tests.stories.test_gates import GOOD, built, demand, lcov

REASON = "the generated client is not tested"


@pytest.fixture
def overridden(bot: Bot, town: Town) -> Pull:
    """Staging demands 70% coverage; a release with 60% was merged there after cho had set the gate aside."""
    town.github.user("cho")
    town.github.grant("cho", "splattop/config", "write")
    town.github.team("splattop/platform", members=["ana", "cho"])
    demand(
        town, "coverage: {min_percent: 70}", top="commands: {override: [platform], override_expires: 1h}\n"
    )
    built(town, {**GOOD, "coverage": {"lcov.info": lcov(6, 10)}})
    bot.settles()
    town.github.advance(5)
    staging = town.pull("staging")
    town.github.comment(staging, "cho", f"/override coverage reason: {REASON}")
    bot.settles()
    town.github.advance(5)
    town.github.review(staging, "ana")
    bot.settles()
    assert staging.merged
    return staging


def test_the_record_names_the_overridden_gate_with_person_reason_and_end(town: Town, overridden: Pull):
    (override,) = record(town, overridden)["judged"]["overrides"]
    assert (override["gate"], override["by"]["login"], override["reason"]) == ("coverage", "cho", REASON)
    given, ends = (datetime.fromisoformat(override[name]) for name in ("given_at", "expires_at"))
    assert (ends - given).total_seconds() == 3600
    assert override["comment_id"] == next(each.id for each in overridden.comments if REASON in each.body)


def test_the_overridden_gate_keeps_what_was_measured(town: Town, overridden: Pull):
    gates = {each["gate"]: each for each in record(town, overridden)["judged"]["gates"]}
    measured = [each["measured"] for each in gates["coverage"]["measurements"]]
    assert [each[:3] for each in measured if each != "set aside by cho"] == ["60%"]
    assert "Set aside by cho" in gates["coverage"]["says"]


def test_the_merge_commit_s_trailer_names_the_override(town: Town, overridden: Pull):
    (override,) = record(town, overridden)["judged"]["overrides"]
    (said,) = [each for each in trailers(town, overridden) if each.startswith("Overridden-Gate: ")]
    cho = override["by"]["id"]
    assert said == f"Overridden-Gate: coverage by cho ({cho}) until {override['expires_at']}: {REASON}"


def test_note_and_ledger_agree_about_the_override(bot: Bot, town: Town, overridden: Pull):
    assert rows(bot)[-1]["record"] == record(town, overridden)


def test_the_board_and_the_terminal_tell_the_override(
    bot: Bot, town: Town, terminal: Terminal, overridden: Pull
):
    told = shown(bot, town)
    assert [(each["gate"], each["by"], each["reason"]) for each in told["overrides"]] == [
        ("coverage", "cho", REASON)
    ]
    assert told["gates"]["set_aside"] == 1
    assert told["gates"]["passed"] == told["gates"]["asked"] - 1
    with terminal.expect_nothing_written():
        said = terminal.runs("why", "staging", "api")
    assert said.code == 0, said.out + said.err
    assert "1 set aside" in said.out.splitlines()[0]
    assert "set aside  coverage by cho at " in said.out
    assert said.out.count(REASON) >= 1


def test_looking_again_at_an_overridden_merge_writes_nothing(bot: Bot, town: Town, overridden: Pull):
    with town.expect_no_writes():
        bot.sweeps()
    assert len(rows(bot)) == 2


@pytest.fixture
def through_queue(bot: Bot, town: Town) -> Pull:
    """main takes changes through a merge queue; a promotion to dev has gone through it."""
    town.github.protect("splattop/config", "main", checks=["lockstep: main", "helm-lint"])
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    queue = town.github.merge_queue("splattop/config")
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.run_ci("splattop/config", pull.head_sha)
    bot.settles()
    entry = queue.entry(pull)
    assert entry is not None
    assert entry.head_sha is not None
    town.github.run_ci("splattop/config", entry.head_sha, "success")
    bot.settles()
    assert pull.merged
    return pull


def test_a_merge_by_the_queue_leaves_its_note_on_the_commit_that_the_queue_made(
    town: Town, through_queue: Pull
):
    found = json.loads(noted(town, through_queue))
    assert found["merged"]["sha"] == through_queue.merge_commit_sha
    assert git(town, "merge-base", "--is-ancestor", found["merged"]["sha"], "main") == ""
    assert found["judged"]["components"][0]["to"]["digest"] == digest("a")
    assert found["merged"]["standing"] == "green"


def test_a_merge_by_the_queue_has_one_row_with_the_same_record(bot: Bot, town: Town, through_queue: Pull):
    (found,) = rows(bot)
    assert found["record"] == record(town, through_queue)
    with town.expect_no_writes():
        bot.sweeps()
    assert len(rows(bot)) == 1


def test_why_verifies_a_merge_by_the_queue_without_a_trailer(
    town: Town, terminal: Terminal, through_queue: Pull
):
    assert trailers(town, through_queue) == []
    said = terminal.runs("why", "dev", "api", "--json")
    assert said.code == 0, said.out + said.err
    assert [(each["what"], each["ok"]) for each in said.json["verified"]] == [
        ("ledger", True),
        ("Git note", True),
    ]
