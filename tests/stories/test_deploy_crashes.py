"""Killed, or left without an answer, anywhere between merge and live: the end is the same, and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.adapters.store.deployments import Deployments
from bot.sandbox.argocd import Application, ArgoCD
from tests.stories.cast import Bot, Town
from tests.stories.deploying import LIVE, merged, mirrored, rolls_out, stands, states, story
from tests.stories.test_deploy import AUTO, released, syncs
from tests.stories.test_verify import SMOKE, app, argocd, dispatched, service, smoke
from tests.stories.trouble import TROUBLES, Killed, Trouble, survives, trouble_at

__all__ = ["app", "argocd", "service"]  # fixtures

AFTER = 3
"""Writes after the merge: the story's comment, GitHub's Deployment, its status."""


def waiting(bot: Bot, town: Town, argocd: ArgoCD) -> None:
    """Merged into dev and syncing; the next look finds it rolled out."""
    argocd.rollout = None
    pull = released(bot, town, AUTO)
    assert stands(bot, pull) == "syncing"
    (found,) = argocd.applications.values()
    town.github.advance(31)
    rolls_out(argocd)
    argocd.deploys(found, pull.merge_commit_sha or "", ["ghcr.io/splattop/api:7.0.0@sha256:" + "a" * 64])


@pytest.mark.parametrize("number", range(1, AFTER))
@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda each: each.__name__)
def test_case_100_trouble_at_any_write_about_a_deployment_changes_nothing(
    bot: Bot,
    town: Town,
    argocd: ArgoCD,
    app: Application,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Trouble,
    number: int,
):
    waiting(bot, town, argocd)
    with trouble_at(monkeypatch, bot, number, trouble):
        bot = survives(bot)
    pull = merged(town)
    assert states(bot, pull) == ["opened", "merged", "syncing", "verifying", "live"]
    assert [each[2] for each in mirrored(town)] == [["in_progress", "success"]]
    assert story(pull).count("**live**") == 1
    assert syncs(argocd) == 1
    with town.expect_no_writes():
        bot.sweeps()


def kills(monkeypatch: pytest.MonkeyPatch, method: str, at: int, *, after: bool) -> None:
    """The process dies at the store's call of that name and number."""
    original: Callable[..., Any] = getattr(Deployments, method)
    seen = [0]

    def doomed(self: Deployments, *values: Any, **more: Any) -> Any:
        seen[0] += 1
        if seen[0] != at:
            return original(self, *values, **more)
        if after:
            original(self, *values, **more)
        raise Killed

    monkeypatch.setattr(Deployments, method, doomed)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("method", "at"), [("move", 1), ("move", 2), ("move", 3), ("note", 1), ("note", 2)])
def test_case_100_a_worker_that_dies_between_two_steps_is_followed_by_another(
    bot: Bot,
    town: Town,
    argocd: ArgoCD,
    app: Application,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    at: int,
    after: bool,
):
    waiting(bot, town, argocd)
    with monkeypatch.context() as patch:
        kills(patch, method, at, after=after)
        bot = survives(bot)
    assert stands(bot, merged(town)) == LIVE
    assert syncs(argocd) == 1
    with town.expect_no_writes():
        bot.sweeps()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_case_100_a_smoke_test_is_not_dispatched_twice_by_a_killed_worker(
    bot: Bot,
    town: Town,
    argocd: ArgoCD,
    app: Application,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    after: bool,
):
    argocd.rollout = None
    pull = released(bot, town, smoke(town))
    argocd.deploys(app, pull.merge_commit_sha or "", ["ghcr.io/splattop/api:7.0.0@sha256:" + "a" * 64])
    town.github.advance(31)
    with monkeypatch.context() as patch:
        kills(patch, "note", at, after=after)
        bot = survives(bot) if not dispatched(town) else bot
    assert [path for _, path, _ in town.github.world.dispatches] == [SMOKE]


def test_the_same_webhooks_again_change_nothing(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    sent: list[Any] = []
    original = bot.receives

    def receives(delivery: Any) -> int:
        sent.append(delivery)
        return original(delivery)

    bot.receives = receives  # type: ignore[method-assign]  # every delivery is kept
    pull = released(bot, town, AUTO)
    assert stands(bot, pull) == LIVE
    bot.sweeps()
    with town.expect_no_writes():
        for delivery in list(sent):
            original(delivery)
        bot.settles()
    assert syncs(argocd) == 1
