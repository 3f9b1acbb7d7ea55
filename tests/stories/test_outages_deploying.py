"""Outages between merge and live: clocks that differ, GitHub away, notifications lost, workers killed (row G7)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.sandbox.argocd import Application, ArgoCD
from bot.web.app import create_app
from bot.web.argocd import argocd as door
from bot.wiring import works
from tests.stories.cast import Bot, Town
from tests.stories.deploying import LIVE, equip, image, merged, mirrored, rolls_out, stands, states, story
from tests.stories.test_deploy import AUTO, CONFIRM, app, argocd, released, syncs
from tests.stories.test_overrides import says

__all__ = ["app", "argocd"]  # fixtures


@pytest.fixture(params=[-600, -5, 5, 600], ids=lambda seconds: f"{seconds} s")
def skewed(bot: Bot, town: Town, request: pytest.FixtureRequest) -> Iterator[ArgoCD]:
    """An Argo CD whose clock differs from GitHub's and ours."""
    now, off = town.github.world.clock.now, timedelta(seconds=request.param)

    def clock() -> datetime:
        return now() + off

    with ArgoCD.start(clock=clock) as running:
        equip(bot, argocd_server=running.url, argocd_auth_token=running.token)
        running.deploys(running.application("splattop-dev"), "0" * 40, [image(letter="0")])
        yield running


@pytest.mark.parametrize("rule", [AUTO, CONFIRM])
def test_an_argo_cd_with_another_clock_is_synced_once_and_believed(
    bot: Bot, town: Town, skewed: ArgoCD, rule: str
):
    rolls_out(skewed)
    pull = released(bot, town, rule)
    if rule is CONFIRM:
        says(bot, town, pull, "ana", "/sync")
    bot.waits(31).waits(121).waits(121)
    assert (stands(bot, pull), syncs(skewed)) == (LIVE, 1)
    with town.expect_no_writes():
        bot.sweeps()


def test_github_away_for_ten_minutes_in_the_middle_of_a_rollout_costs_only_a_delay(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, AUTO)
    assert stands(bot, pull) == "syncing"
    town.github.faults.fails(503, times=None)
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Healthy")
    for _ in range(10):
        bot.waits(60)
    assert mirrored(town)[0][2] == ["in_progress"]
    town.github.faults.clear()
    bot.waits(600).sweeps()
    assert states(bot, pull) == ["opened", "merged", "syncing", "verifying", "live"]
    assert mirrored(town)[0][2] == ["in_progress", "success"]
    assert syncs(argocd) == 1
    with town.expect_no_writes():
        bot.waits(3600).sweeps()


def test_with_half_the_webhooks_lost_a_release_goes_its_way_all_the_same(bot: Bot, town: Town):
    lost = [0]
    original = bot.receives

    def every_second(delivery):
        lost[0] += 1
        return original(delivery) if lost[0] % 2 else 0

    bot.receives = every_second  # type: ignore[method-assign]  # the rest never arrives
    town.release(api="a")
    for _ in range(4):
        bot.settles().sweeps().waits(300)
    pull = merged(town)
    assert lost[0] > 4
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"
    assert len(town.pulls("all")) == 2
    assert stands(bot, pull) == LIVE


@pytest.mark.parametrize("seconds", [-45, 45])
def test_a_clock_of_ours_that_differs_from_githubs_changes_nothing_after_the_merge(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, seconds: int
):
    now, off = bot.works.house.clock, timedelta(seconds=seconds)
    skewed = replace(bot, works=works(bot.settings, store=bot.store, clock=lambda: now() + off))
    rolls_out(argocd)
    pull = released(skewed, town, AUTO)
    skewed.waits(121).waits(121)
    assert states(skewed, pull) == ["opened", "merged", "syncing", "verifying", "live"]
    assert syncs(argocd) == 1
    with town.expect_no_writes():
        skewed.sweeps()


def test_an_argo_cd_that_is_too_slow_is_told_and_waited_for(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bot.works.house.readers._argocd, "_timeout", 0.3)
    answer = argocd.answer

    def slowly(method: str, target: str, sent: str, body: bytes) -> tuple[int, bytes]:
        time.sleep(1)
        return answer(method, target, sent, body)

    monkeypatch.setattr(argocd, "answer", slowly)
    pull = released(bot, town, AUTO)
    for _ in range(10):
        bot.waits(121)
    assert stands(bot, pull) in ("merged", "syncing")
    assert "did not answer within 0.3 s" in story(pull)
    monkeypatch.setattr(argocd, "answer", answer)
    rolls_out(argocd)
    bot.waits(121).waits(121)
    assert (stands(bot, pull), syncs(argocd)) == (LIVE, 1)
    with town.expect_no_writes():
        bot.sweeps()


@pytest.mark.parametrize("heard", [(True, False), (False, True), (False, False), (True, True, True)])
def test_notifications_of_argo_cd_may_be_lost_or_doubled(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, heard: tuple[bool, ...]
):
    token = "a token of sixteen or more"
    rooms = [door(bot.store, token)]
    web = create_app(
        settings=bot.settings, store=bot.store, clock=bot.works.house.clock, rooms=rooms
    ).test_client()

    def notifies() -> None:
        for arrives in heard:
            sent = {"Authorization": f"Bearer {token}"}
            if arrives:
                web.post("/api/argocd", json={"application": "splattop-dev"}, headers=sent)
            bot.settles()

    pull = released(bot, town, AUTO)
    notifies()
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Healthy")
    notifies()
    bot.waits(31).waits(31)
    assert states(bot, pull) == ["opened", "merged", "syncing", "verifying", "live"]
    assert syncs(argocd) == 1
    assert mirrored(town)[0][2] == ["in_progress", "success"]
    with town.expect_no_writes():
        notifies()
        bot.sweeps()
