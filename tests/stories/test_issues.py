"""Lockstep's own issues: opened once, kept current beside what people write, closed, and refused without harm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.model.facts import Repository
from bot.model.issue import BEGIN, Issue, with_facts
from bot.model.subject import Subject, repository
from bot.run import issues
from tests.stories.cast import Bot, Town

ALARM = Issue(
    key="alarm:1",
    title="Something is wrong in staging",
    facts="seen 1 time",
    checklist=("Symptoms", "Decision"),
    labels=("lockstep:incident", "env:staging"),
)


@pytest.fixture
def place(bot: Bot, town: Town) -> tuple[Subject, Repository]:
    """The config repository, as the bot knows it after its first look."""
    town.release(api="a")
    bot.settles()
    there = bot.store.repositories.find(town.github.repo("splattop/config").id)
    assert there is not None
    (installation,) = bot.store.repositories.installations()
    return repository(installation, there.id), there


def all_of(town: Town) -> list[Any]:
    found = town.github.repo("splattop/config").issues.values()
    return [each for each in found if "lockstep:incident" in [label.name for label in each.labels]]


def keep(bot: Bot, place: tuple[Subject, Repository], issue: Issue = ALARM) -> int | None:
    return issues.keep(bot.works.house, *place, issue)


def tell(bot: Bot, place: tuple[Subject, Repository], line: str) -> bool:
    return issues.tell(bot.works.house, *place, ALARM.key, line, "there is news")


def test_an_issue_is_opened_once(bot: Bot, town: Town, place: tuple[Subject, Repository]):
    number = keep(bot, place)
    with town.expect_no_writes():
        assert keep(bot, place) == number
    (issue,) = all_of(town)
    assert (issue.number, issue.title) == (number, ALARM.title)
    assert "- [ ] Symptoms\n- [ ] Decision" in issue.body
    assert issues.number_of(bot.works.house, place[1].id, ALARM.key) == number


def test_a_crash_before_it_was_remembered_opens_no_second_one(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    keep(bot, place)
    bot.store.database.run("delete from settings_kv where starts_with(key, 'issue:')", ())
    keep(bot, place, replace(ALARM, facts="seen 2 times"))
    (issue,) = all_of(town)
    assert "seen 2 times" in issue.body


def test_case_78_somebody_elses_issue_with_the_marker_is_not_taken_for_ours(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    forged = town.github.open_issue(
        "splattop/config", "Mine", ALARM.marker, by="ana", labels=["lockstep:incident"]
    )
    assert keep(bot, place) != forged.number


def test_news_renews_the_facts_and_leaves_what_people_ticked_and_wrote(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    keep(bot, place)
    (issue,) = all_of(town)
    issue.body = issue.body.replace("- [ ] Symptoms", "- [x] Symptoms: checkout fails") + "\nSeen by ana."
    keep(bot, place, replace(ALARM, facts="seen 2 times"))
    assert "seen 2 times" in issue.body
    assert "seen 1 time\n" not in issue.body
    assert "- [x] Symptoms: checkout fails\n- [ ] Decision\nSeen by ana." in issue.body


def test_an_issue_whose_marks_were_removed_belongs_to_people(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    keep(bot, place)
    (issue,) = all_of(town)
    issue.body = "rewritten by ana"
    with town.expect_no_writes():
        keep(bot, place, replace(ALARM, facts="seen 2 times"))
    assert issue.body == "rewritten by ana"


def test_it_is_closed_when_it_is_over_and_never_opened_again(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    keep(bot, place)
    keep(bot, place, replace(ALARM, closed=True))
    (issue,) = all_of(town)
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    keep(bot, place, ALARM)
    assert issue.state == "closed"


def test_a_comment_is_written_once(bot: Bot, town: Town, place: tuple[Subject, Repository]):
    keep(bot, place)
    assert tell(bot, place, "healthy again")
    with town.expect_no_writes():
        assert tell(bot, place, "healthy again")
    (issue,) = all_of(town)
    assert ["healthy again" in each.body for each in issue.comments] == [True]


def test_a_crash_after_the_comment_writes_no_second_one(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    keep(bot, place)
    tell(bot, place, "healthy again")
    key = f"issue:{place[1].id}:{ALARM.key}"
    mark = bot.store.marks.get(key)
    bot.store.marks.put(key, {name: value for name, value in mark.items() if name != "told"})
    assert tell(bot, place, "healthy again")
    assert len(all_of(town)[0].comments) == 1


def test_without_an_issue_nothing_is_told(bot: Bot, town: Town, place: tuple[Subject, Repository]):
    with town.expect_no_writes():
        assert not tell(bot, place, "healthy again")


def test_what_github_refuses_is_written_down_once_and_tried_again_later(
    bot: Bot, town: Town, place: tuple[Subject, Repository]
):
    off = "Issues has been disabled in this repository."
    town.github.faults.fails(410, method="POST", path_pattern="/issues$", message=off)
    for _ in range(2):
        assert keep(bot, place) is None
    assert [decision for decision, _ in bot.ledger("issue")] == ["failed"]
    assert "Issues has been disabled" in bot.ledger("issue")[0][1]
    town.github.advance(3700)
    assert keep(bot, place) is not None


@pytest.mark.parametrize("key", ["", "Alarm:1", "alarm 1", "-->", "a" * 130])
def test_a_key_that_could_leave_its_marker_is_none(key: str):
    with pytest.raises(ValueError, match="is no issue's key"):
        replace(ALARM, key=key)


def test_facts_are_renewed_in_a_body_with_windows_line_ends():
    body = ALARM.body.replace("\n", "\r\n")
    assert "seen 2 times" in with_facts(body, "seen 2 times")
    assert with_facts(body, "seen 2 times").count(BEGIN) == 1
