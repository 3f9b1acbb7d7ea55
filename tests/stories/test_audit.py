"""Nothing happens unaudited, nothing that people write spoils the audit, and a poison job stops nobody else
(attack cases 97, 98, 99)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from bot.run.pull import facts as pull_facts
from tests.stories.cast import Bot, Town
from tests.stories.trouble import HOUR

CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u202e\u2028\u2029]")


@contextmanager
def ledger_refuses(url: str, event: str = "%") -> Iterator[None]:
    """While this lasts, the database keeps no ledger row of these events (a LIKE pattern)."""
    with psycopg.connect(url, autocommit=True) as somebody:
        somebody.execute(
            "create function refuse_row() returns trigger language plpgsql as"
            f" $$ begin if new.event like '{event}' then raise 'disk full' using errcode = '53100'; end if;"
            " return new; end $$"
        )
        somebody.execute(
            "create trigger refuse_row before insert on ledger for each row execute function refuse_row()"
        )
        try:
            yield
        finally:
            somebody.execute("drop trigger refuse_row on ledger; drop function refuse_row()")


def test_case_97_nothing_is_opened_while_the_ledger_keeps_no_row(bot: Bot, town: Town, database_url: str):
    town.release(api="a")
    with ledger_refuses(database_url), town.expect_no_writes():
        bot.settles().waits(60)
    assert town.pulls("all") == []
    bot.waits(HOUR)
    assert [pull.title for pull in town.pulls("merged")] == ["Promote api 7.0.0 to dev"]
    assert [decision for decision, _ in bot.ledger("release_accepted")] == ["done"]


@pytest.mark.parametrize("event", ["open_pull", "merge_pull"])
def test_case_97_an_act_that_cannot_be_written_down_is_not_done(
    bot: Bot, town: Town, database_url: str, event: str
):
    town.release(api="a")
    with ledger_refuses(database_url, event):
        bot.settles().waits(60)
    assert [pull.title for pull in town.pulls("all")] == (
        [] if event == "open_pull" else ["Promote api 7.0.0 to dev"]
    )
    assert town.pulls("merged") == []
    bot.waits(HOUR).sweeps()
    assert [pull.title for pull in town.pulls("merged")] == ["Promote api 7.0.0 to dev"]


def test_case_97_a_merge_that_could_not_be_written_down_at_once_is_written_down_later_once(
    bot: Bot, town: Town, database_url: str
):
    town.release(api="a")
    with ledger_refuses(database_url, "promotion_merged"):
        bot.settles().waits(60)
    assert bot.ledger("promotion_merged") == []
    bot.waits(HOUR).sweeps()
    assert [pull.title for pull in town.pulls("open")] == ["Promote api 7.0.0 to staging"]
    assert [decision for decision, _ in bot.ledger("promotion_merged")] == ["done"]


def in_review(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    return town.pull("staging")


def test_case_97_a_command_is_neither_acknowledged_nor_obeyed_while_the_ledger_keeps_no_row(
    bot: Bot, town: Town, database_url: str
):
    pull = in_review(bot, town)
    comment = town.github.comment(pull, "ana", "/help")
    with ledger_refuses(database_url), town.expect_no_writes():
        bot.settles().waits(60)
    bot.waits(HOUR)
    assert [reaction.content for reaction in comment.reactions] == ["+1"]
    assert len([each for each in pull.comments if "@ana" in each.body]) == 1


WILD = (
    "/hold reason: first\u2028line \x1b[31mred\x1b[0m on behalf of @boss\r\n"
    '/promote stag\x1b[2Jing {"event": "forged", "decision": "done"}\r\n'
    "/override approvals reason: " + "x" * 10_000
)


def test_case_98_what_a_comment_says_stays_one_plain_row_a_command(
    bot: Bot, town: Town, caplog: pytest.LogCaptureFixture
):
    pull = in_review(bot, town)
    before = len(bot.store.ledger.rows())
    town.github.comment(pull, "ana", WILD)
    bot.settles()
    rows = [row.entry for row in bot.store.ledger.rows()[before:]]
    texts = [
        str(getattr(row, name)) for row in rows for name in ("event", "decision", "reason", "actor_login")
    ]
    texts += [f"{key} {value}" for row in rows for key, value in row.details.items()]
    commands = [row.event for row in rows if row.event.startswith("command_")]
    assert len(commands) == len(set(commands)) >= 1
    assert [text for text in texts if CONTROLS.search(text)] == []
    assert max(len(text) for text in texts) <= 5000
    assert {row.actor_login for row in rows if row.actor_id} == {"ana"}
    assert [record for record in caplog.records if CONTROLS.search(record.getMessage())] == []


def test_case_99_a_null_character_in_a_comment_is_received_and_stops_nothing(bot: Bot, town: Town):
    pull = in_review(bot, town)
    comment = town.github.comment(pull, "ana", "nothing \x00 here\n/help")
    bot.settles()
    assert set(bot.answers) == {202}
    assert bot.store.subjects.parked() == ()
    assert [reaction.content for reaction in comment.reactions] == ["+1"]


def test_case_99_a_look_that_always_raises_is_parked_and_the_others_go_on(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    poisoned = town.pull("dev")
    genuine = pull_facts.decide_pull

    def poison(facts):
        if facts.snapshot.pull.number == poisoned.number:
            raise ZeroDivisionError("a payload that nobody thought of")
        return genuine(facts)

    monkeypatch.setattr(pull_facts, "decide_pull", poison)
    town.github.check("splattop/config", poisoned.head_sha, "helm-lint")
    town.github.push("splattop/config", "people", {"notes.txt": "mine"}, by="ana")
    other = town.github.open_pull("splattop/config", "people", by="ana")
    bot.settles()
    assert town.check(other)[0] == "completed"
    for _ in range(12):
        bot.waits(1200)
    assert [decision for decision, _ in bot.ledger("parked")] == ["failed"]
    assert town.check(poisoned) == ("completed", "failure")
    assert [each.subject.startswith("pull:") for each in bot.store.subjects.parked()] == [True]


def test_case_99_a_parked_subject_is_looked_at_again_when_an_event_comes(
    bot: Bot, town: Town, monkeypatch: pytest.MonkeyPatch
):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    poisoned = town.pull("dev")

    def poison(_facts):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(pull_facts, "decide_pull", poison)
        town.github.check("splattop/config", poisoned.head_sha, "helm-lint")
        for _ in range(12):
            bot.waits(1200)
    assert poisoned.state == "open"
    town.github.label(poisoned, "ana", "seen")
    bot.settles()
    assert poisoned.state == "closed"
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
