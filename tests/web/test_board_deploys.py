"""The board after a merge: where each deployment stands, what holds things back, the clock, and what to say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.decide.rollback import safety
from bot.model.deployment import Deployment, DeploymentKind, DeploymentState, Move, Transition
from bot.model.facts import Actor
from bot.model.holds import Hold
from bot.model.hotfix import Debt
from bot.model.image import ComponentTag
from bot.model.rollback import RollbackAsk, RollbackRecord, RollbackState, Veto
from bot.web import board_deploys
from bot.web.board import minutes, words
from tests.builders import CONFIG, NOW, digest, policy
from tests.web.board_store import BoardStore
from tests.web.test_board import EVIL, page, store_with, visit

S = DeploymentState
ANA = Actor(id=7, login="ana")
API = ComponentTag(tag="1.7.3", sha="", digest=digest("a"))


def landed(*states: DeploymentState, **more: Any) -> Deployment:
    """A deployment that went through these states, a minute each, the last one a minute ago."""
    steps = tuple(
        Transition(
            state=each, at=NOW - timedelta(minutes=len(states) - place), why=f"because of {each.value}"
        )
        for place, each in enumerate(states)
    )
    values: dict[str, Any] = {
        "installation_id": 1, "config_repository_id": CONFIG.id, "environment": "staging", "source": "app",
        "pull_number": 12, "components": {"api": Move(before=None, after=API)},
        "state": states[-1], "since": steps[-1].at, "transitions": steps, "merged_at": NOW - timedelta(minutes=9),
    }  # fmt: skip
    return Deployment(**{**values, **more})


def rolled_back(state: RollbackState, **more: Any) -> RollbackRecord:
    ask = RollbackAsk(
        installation_id=1, config_repository_id=CONFIG.id, environment="staging", key="deploy:12",
        trigger="health_check_failure", reason="GET /healthz answers 500", asked_at=NOW - timedelta(minutes=5),
    )  # fmt: skip
    values: dict[str, Any] = {
        "id": 1,
        "ask": ask,
        "state": state,
        "undoes": 12,
        "pull_number": 13,
        "after": {"api": API},
    }
    return RollbackRecord(**{**values, **more})


def shown(store: BoardStore) -> dict[str, Any]:
    found = visit(store).get("/?format=json").json
    assert found is not None
    (repository,) = found["repositories"]
    assert isinstance(repository, dict)
    return repository


def with_after(**more: Any) -> BoardStore:
    return replace(store_with(), **more)


@pytest.mark.parametrize(
    ("states", "steps"),
    [
        (
            (S.OPENED, S.APPROVED),
            "opened:done approved:now merged:ahead syncing:ahead verifying:ahead live:ahead",
        ),
        (
            (S.OPENED, S.MERGED, S.SYNCING),
            "opened:done merged:done syncing:now verifying:ahead live:ahead",
        ),
        (
            (S.OPENED, S.APPROVED, S.MERGED, S.SYNCING, S.VERIFYING, S.LIVE),
            "opened:done approved:done merged:done syncing:done verifying:done live:now",
        ),
        (
            (S.OPENED, S.MERGED, S.SYNCING, S.VERIFYING, S.FAILED, S.ROLLING_BACK, S.ROLLED_BACK),
            "opened:done merged:done syncing:done verifying:done failed:done rolling back:done rolled back:now",
        ),
        ((S.OPENED, S.MERGED, S.LIVE), "opened:done merged:done live:now"),
        ((S.OPENED, S.MERGED, S.SUPERSEDED), "opened:done merged:done superseded:now"),
    ],
)
def test_each_step_of_a_deployment_is_shown_as_far_as_it_has_come(
    states: tuple[DeploymentState, ...], steps: str
):
    (found,) = shown(with_after(merged=(landed(*states),)))["deployments"]
    assert " ".join(f"{each['name']}:{each['is']}" for each in found["steps"]) == steps


def test_a_superseded_one_is_shown_beside_what_took_its_place():
    newer = landed(S.OPENED, S.MERGED, S.LIVE, pull_number=14)
    found = shown(with_after(merged=(newer, landed(S.OPENED, S.MERGED, S.SUPERSEDED))))["deployments"]
    assert [(each["number"], each["state"]) for each in found] == [(14, "live"), (12, "superseded")]


@pytest.mark.parametrize(
    ("there", "offers"),
    [
        (landed(S.MERGED, findings=("`staging` is synced when somebody says `/sync`",)), ["/sync"]),
        (landed(S.MERGED), []),
        (landed(S.VERIFYING), ["/rollback reason: "]),
        (landed(S.LIVE), ["/rollback reason: "]),
        (landed(S.FAILED), ["/sync", "/rollback reason: "]),
        (landed(S.LIVE, kind=DeploymentKind.ROLLBACK), []),
        (landed(S.ROLLED_BACK), []),
    ],
)  # fmt: skip
def test_what_a_person_may_say_is_offered_with_the_place_to_say_it(there: Deployment, offers: list[str]):
    (found,) = shown(with_after(merged=(there,)))["deployments"]
    assert [each["say"] for each in found["offers"]] == offers
    assert all(each["url"].endswith("/pull/12#new_comment_field") for each in found["offers"])


def test_only_the_newest_of_an_environment_is_offered_to_be_rolled_back():
    newer = landed(S.LIVE, pull_number=14)
    found = shown(with_after(merged=(newer, landed(S.LIVE))))["deployments"]
    assert [len(each["offers"]) for each in found] == [1, 0]


def test_holds_vetoes_cooldowns_and_the_breaker_are_shown():
    environment = replace(
        policy().environments[1],
        rollback=replace(policy().environments[1].rollback, automatic=True, breaker_max=1),
    )
    mark = safety.mark(CONFIG, policy(), environment, frozen=False)
    store = with_after(
        held=(Hold(repository_id=CONFIG.id, environment="staging", reason="rolled back by #13", by=ANA, at=NOW),),
        barred=(
            Veto(
                repository_id=CONFIG.id, component="api", digest=API.digest, tag="1.7.3", environment="staging",
                reason="it fails", by=ANA, at=NOW,
            ),
        ),
        went_back=(rolled_back(RollbackState.MERGED, opened_at=NOW - timedelta(seconds=20), merged_at=NOW),),
    )  # fmt: skip
    store.values[safety.key(CONFIG.id, "staging")] = mark
    guards = shown(store)["guards"]
    assert [each["say"] for each in guards["holds"]] == ["/unhold staging"]
    assert [each["say"] for each in guards["vetoes"]] == ["/veto lift api reason: "]
    (automatic,) = guards["automatic"]
    assert (automatic["tripped"], automatic["used"], automatic["limit"]) == (True, 1, 1)
    assert automatic["cooling"] == [{"component": "api", "seconds": 100}]
    assert "breaker open" in page(store).text


def owed(**more: Any) -> Debt:
    values: dict[str, Any] = {
        "config_repository_id": CONFIG.id, "environment": "staging", "component": "api", "tag": API, "hotfix_id": 1,
        "source": "app", "fix_sha": "abc1234" + "0" * 33, "pull_number": 12, "since": NOW,
        "gates": {"coverage": "42%, needed: 70%"},
    }  # fmt: skip
    return Debt(**{**values, **more})


def test_what_is_owed_for_a_hotfix_is_shown_with_the_gates_that_it_skipped():
    store = with_after(owed=(owed(), owed(config_repository_id=999, component="web")))
    (debt,) = shown(store)["guards"]["debts"]
    assert (debt["component"], debt["url"]) == ("api", "https://github.com/splattop/config/pull/12")
    text = " ".join(page(store).text.split())
    assert "staging owes api 1.7.3, the hotfix #12: nothing of api is promoted there without abc1234" in text
    assert "skipped debt coverage: 42%, needed: 70%" in text


@pytest.mark.parametrize(
    ("record", "seconds", "running", "over"),
    [
        (rolled_back(RollbackState.OPEN), None, False, False),
        (rolled_back(RollbackState.MERGED, merged_at=NOW - timedelta(seconds=125)), 125, True, False),
        (rolled_back(RollbackState.MERGED, merged_at=NOW - timedelta(seconds=301)), 301, True, True),
        (
            rolled_back(
                RollbackState.HEALTHY, merged_at=NOW - timedelta(hours=2), healthy_at=NOW - timedelta(seconds=7158)
            ),
            42, False, False,
        ),
    ],
)  # fmt: skip
def test_the_clock_runs_from_the_merge_to_healthy(
    record: RollbackRecord, seconds: int | None, running: bool, over: bool
):
    (found,) = board_deploys.clocks(CONFIG.id, [record], "https://github.com/o/r", NOW)
    assert (found["seconds"], found["running"], found["over"]) == (seconds, running, over)


def test_a_rollback_that_was_closed_has_no_clock():
    assert board_deploys.clocks(CONFIG.id, [rolled_back(RollbackState.CLOSED)], None, NOW) == []


def test_nothing_of_another_repository_is_shown():
    there = landed(S.LIVE, config_repository_id=999)
    hold = Hold(repository_id=999, environment="staging", reason="", by=ANA, at=NOW)
    found = shown(with_after(merged=(there,), held=(hold,)))
    assert (found["deployments"], found["guards"]["holds"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("say `/sync` **now**", "say <code>/sync</code> now"),
        ("`<img src=x>`", "<code>&lt;img src=x&gt;</code>"),
        ("a ` alone <b>", "a ` alone &lt;b&gt;"),
    ],
)
def test_case_95_a_sentence_keeps_its_code_and_nothing_else(text: str, shown: str):
    assert words(text) == shown


def test_case_95_reasons_and_findings_are_shown_inert():
    back = rolled_back(RollbackState.MERGED, merged_at=NOW)
    store = with_after(
        merged=(landed(S.FAILED, findings=(EVIL,)),),
        held=(Hold(repository_id=CONFIG.id, environment="staging", reason=EVIL, by=ANA, at=NOW),),
        went_back=(replace(back, ask=replace(back.ask, reason=EVIL)),),
        owed=(owed(gates={"coverage": EVIL}),),
    )
    found = page(store)
    assert {"img", "script"} & {tag for tag, _ in found.tags} == set()
    assert found.text.count("onerror") == 4


@pytest.mark.parametrize(
    ("seconds", "says"), [(0, "0 s"), (59, "59 s"), (125, "2:05 min"), (7500, "2 h 5 min"), (200000, "2 d")]
)
def test_how_long_is_said_shortly(seconds: int, says: str):
    assert minutes(seconds) == says
