"""Verdicts for a terminal: the table, the sentences, the exit code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.decide.report import age, as_json, exit_code, sentences, table
from bot.model.verdict import Evidence, Outcome, Verdict, Waiting

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def verdict(outcome: Outcome, gate: str = "coverage", **more: Any) -> Verdict:
    return Verdict(gate=gate, outcome=outcome, headline="Line coverage is 60%", **more)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172_800, "2 d"),
    ],
)
def test_an_age_is_told_in_the_largest_unit_that_says_enough(seconds: int, shown: str):
    assert age(NOW - timedelta(seconds=seconds), NOW) == shown


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((), 0),
        ((Outcome.PASS, Outcome.SKIP), 0),
        ((Outcome.PASS, Outcome.WAIT), 1),
        ((Outcome.BLOCK, Outcome.UNKNOWN), 1),
        ((Outcome.PASS, Outcome.UNKNOWN), 3),
    ],
)
def test_a_no_beats_what_could_not_be_measured(outcomes: tuple[Outcome, ...], code: int):
    assert exit_code([verdict(each) for each in outcomes]) == code


def test_the_table_has_a_row_for_each_measured_value():
    evidence = Evidence(measured="60%", needed="≥ 70%", source="run 7", at=NOW - timedelta(minutes=5))
    rows = table(
        [verdict(Outcome.BLOCK, evidence=(evidence,)), verdict(Outcome.SKIP, "image")], NOW
    ).splitlines()
    assert rows[0].split() == ["gate", "outcome", "measured", "needed", "source", "age"]
    assert rows[1].split() == ["coverage", "block", "60%", "≥", "70%", "run", "7", "5", "min"]
    assert rows[2].split() == ["image", "skip"]


def test_other_people_s_words_cannot_steer_the_terminal():
    evidence = Evidence(measured="\x1b[2Jgone\nnew line", needed="", source="\u202egnp", at=NOW)
    shown = table([verdict(Outcome.BLOCK, evidence=(evidence,))], NOW)
    assert len(shown.splitlines()) == 2
    assert not {"\x1b", "\u202e"} & set(shown)


def test_whom_it_waits_for_stands_with_the_sentence():
    waiting = verdict(Outcome.WAIT, "approvals", waiting=Waiting.PERSON, reasons=("ana may",))
    assert sentences([waiting]) == (
        "wait: approvals (waits for a person): Line coverage is 60%",
        "    ana may",
    )


def test_machines_are_told_whom_it_waits_for_only_while_it_waits():
    assert as_json(verdict(Outcome.PASS), NOW)["waits_for"] is None
    assert as_json(verdict(Outcome.WAIT), NOW)["waits_for"] == "machine"
