"""A worker that dies at every single thing it does while a validation fails, is overridden, blocks again and passes
(row G7, attack case 100): GitHub looks as it does without that, and the ledger has each row once."""

from __future__ import annotations

import pytest

from bot.sandbox.state import GateRequest
from tests.stories.cast import Bot, Town
from tests.stories.mortal import Mortal, acted, left, lives_on, mortal, told
from tests.stories.validating import (
    CHECK,
    FAILED,
    FRONTEND,
    PASSED,
    asks,
    finish,
    incidents,
    move_in,
    validated,
)

SAID = (
    "/ack",
    "/decide accept reason: it is one small flow",
    "/override validation reason: small, and we accept the risk",
)


def goes_through(bot: Bot, town: Town, each: Mortal) -> tuple[Bot, list[GateRequest]]:
    """Each deployment that asks, with what became of it."""
    asked: list[GateRequest] = []

    def deploys() -> None:
        nonlocal bot
        asked.append(asks(town))
        bot = lives_on(bot, each)

    def says(text: str) -> None:
        nonlocal bot
        town.github.advance(60)
        town.github.comment(issue, "cho", text)
        bot = lives_on(bot, each)

    deploys()
    run = validated(town, FAILED)
    bot = lives_on(bot, each)
    (issue,) = incidents(town)
    deploys()
    for text in SAID:
        says(text)
    deploys()
    says("/override cancel validation")
    deploys()
    town.github.advance(3600)
    bot = lives_on(bot, each)
    town.github.rerun(run)
    finish(town, run, PASSED)
    bot = lives_on(bot, each)
    deploys()
    says("/false-positive reason: the device had no network")
    return bot, asked


TOLD = {
    "command_ack done": {None: 1},
    "command_decide done": {None: 1},
    "command_false_positive done": {None: 1},
    "command_override done": {None: 2},
    "deployment_approved done": {None: 2},
    "deployment_asked done": {None: 5},
    "deployment_blocked done": {None: 3},
    "direct_push done": {None: 1},
    "incident_acknowledged done": {None: 1},
    "incident_closed done": {None: 1},
    "incident_decided done": {None: 1},
    "incident_escalated done": {None: 1},
    "incident_false_positive done": {None: 1},
    "incident_opened done": {None: 1},
    "rules_changed done": {None: 1},
    "validation_failed done": {None: 1},
    "validation_overridden done": {None: 1},
    "validation_override_cancelled done": {None: 1},
    "validation_passed done": {None: 1},
}
"""How many rows the ledger has of each event, when nobody dies."""
ANSWERS = [
    "Acknowledged. Next: look at the logs and artifacts, then `/decide`.",
    "Decided: accept the risk. The gate stays closed until somebody who may says",
    "Deployments may pass the failed validation of `deploy-12345` until 2026-11-23 16:04 UTC.",
    "Taken back: deployments are blocked again.",
    "@splattop/sre: since 2026-11-23 13:03:00 UTC, 2 min by now, what was decided is not done",
    "Recorded as a false positive.",
]


@pytest.mark.parametrize(
    ("states", "before", "deaths"),
    [
        pytest.param(frozenset({"nobody dies"}), False, range(1), id="nobody dies"),
        pytest.param(frozenset(), False, range(80, 200), id="after whatever it does"),
        pytest.param(frozenset(), True, range(80, 200), id="before whatever it does"),
    ],
)
def test_case_100_workers_that_die_at_every_step_of_a_validation_leave_everything_as_if_none_had(
    bot: Bot,
    town: Town,
    monkeypatch: pytest.MonkeyPatch,
    states: frozenset[str],
    before: bool,
    deaths: range,
) -> None:
    move_in(bot)
    each = Mortal(before=before, states=states)
    with mortal(monkeypatch, each):
        bot, asked = goes_through(bot, town, each)
    (issue,) = incidents(town, "closed")
    assert [one.state for one in asked] == ["rejected", "rejected", "approved", "rejected", "approved"]
    answers = [one.body for one in issue.comments if one.user.login == "lockstep[bot]"]
    assert [part in said for part, said in zip(ANSWERS, answers, strict=True)] == [True] * len(ANSWERS)
    assert "a false positive" in (issue.body or "")
    assert "called a false positive by `cho`" in (issue.body or "")
    assert town.github.checks(FRONTEND, "main")[CHECK].conclusion == "success"
    assert told(bot) == TOLD, "\n".join(each.died_at)
    attempts, ends = acted(bot)
    assert attempts == ends
    assert left(bot) <= len(each.died_at)
    assert len(each.died_at) in deaths
    with town.expect_no_writes():
        bot.sweeps().waits(60)
