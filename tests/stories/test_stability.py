"""Argo CD's word on a promotion: what runs in dev must be this release, Synced and Healthy (rows P2, R5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.gauges import Gauges
from bot.sandbox.argocd import Application, ArgoCD
from tests.adapters.argocd.shapes import APPLICATION, problems
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.test_gates import built, demand, gates, told

DEV = "    merge: auto\n"


@pytest.fixture
def argocd(town: Town) -> Iterator[ArgoCD]:
    """A local Argo CD with the story's clock, held to the shapes of the real one."""
    with ArgoCD.start(clock=town.github.world.clock.now) as running:
        yield running
    assert [
        p
        for each in running.asked
        if each.answer and each.status == 200
        for p in problems(each.answer, APPLICATION)
    ] == []
    assert {each.method for each in running.asked} <= {"GET"}


@pytest.fixture
def app(bot: Bot, town: Town, argocd: ArgoCD) -> Application:
    """dev runs in the application `splattop-dev`, and the bot may ask about it."""
    settings = replace(bot.settings, argocd_server=argocd.url, argocd_auth_token=argocd.token)
    bot.works = replace(bot.works, house=replace(bot.works.house, readers=Gauges(settings)))
    return argocd.application("splattop-dev")


def stable(town: Town, gate: str = "stability: {}", application: str = "{application: splattop-dev}") -> None:
    """Staging demands the gate; dev names its application."""
    demand(town, gate)
    rules = town.github.file("splattop/config", "main", "promotion/promotion-rules.yaml")
    assert rules is not None
    named = rules.decode().replace(DEV, f"{DEV}    argocd: {application}\n", 1)
    town.github.push("splattop/config", "main", {"promotion/promotion-rules.yaml": named}, by="ana")


def image(component: str = "api", letter: str = "a") -> str:
    return f"ghcr.io/splattop/{component}:7.0.0@{digest(letter)}"


def head(town: Town) -> str:
    return town.github.sha("splattop/config", "main") or ""


def test_a_release_is_stable_when_argo_cd_runs_it_healthy(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    stable(town)
    built(town, {})
    bot.settles()
    assert gates(town)[:2] == ("in_progress", None)
    assert "is OutOfSync: what runs is not what Git says" in gates(town)[2]
    argocd.deploys(app, head(town), [image()])
    bot.waits(121)
    assert gates(town)[:2] == ("completed", "success")
    assert f"({argocd.url}/applications/argocd/splattop-dev)" in told(town)
    with town.expect_no_writes():
        bot.sweeps()


def test_the_demanded_time_ends_by_itself(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    stable(town, "stability: {min_duration: 1h}")
    built(town, {})
    bot.settles()
    argocd.deploys(app, head(town), [image()])
    bot.waits(121)
    assert gates(town)[:2] == ("in_progress", None)
    assert "must be healthy for 1 h" in gates(town)[2]
    bot.waits(3600)
    assert gates(town)[:2] == ("completed", "success")


def test_a_rollout_that_never_comes_blocks_in_the_end(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    argocd.deploys(app, head(town), [image(letter="0")])
    stable(town)
    built(town, {})
    bot.settles()
    assert "does not run api sha256:aaaaaaaaaaaa in dev; after the merge it has time" in gates(town)[2]
    bot.waits(15 * 60)
    assert gates(town)[:2] == ("completed", "failure")
    with town.expect_no_writes():
        bot.sweeps()


def test_a_release_that_becomes_degraded_is_not_promoted_although_it_was_healthy(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    stable(town)
    built(town, {})
    argocd.deploys(app, head(town), [image()])
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    argocd.becomes(app, "Degraded", "api: back-off restarting failed container")
    bot.sweeps()
    assert gates(town)[:2] == ("completed", "failure")
    assert "is Degraded (`api: back-off restarting failed container`)" in gates(town)[2]
    assert town.check(town.pull("staging")) == ("completed", "failure")


def test_what_argo_cd_saw_long_ago_is_looked_at_afresh(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    stable(town)
    built(town, {})
    argocd.deploys(app, head(town), [image()])
    town.github.advance(3600)
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    assert [each.query for each in argocd.asked][:2] == [{}, {"refresh": ["normal"]}]


def test_when_dev_has_moved_on_the_way_forward_is_told_and_works(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    stable(town)
    built(town, {})
    bot.settles()
    built(town, {}, api="b")
    bot.settles()
    argocd.deploys(app, head(town), [image(letter="b")])
    bot.sweeps()
    assert gates(town)[:2] == ("completed", "failure")
    assert "does not run api sha256:aaaaaaaaaaaa in dev, which has moved on; close" in gates(town)[2]
    town.github.close(town.pull("staging"), by="ana")
    bot.settles()
    assert gates(town)[:2] == ("completed", "success")
    assert digest("b") in town.values("staging", town.pull("staging").head_sha)


def test_two_applications_share_the_components(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    web = argocd.application("web", namespace="team", project="splat")
    api = "{application: splattop-dev, components: [api]}"
    both = f"[{api}, {{application: web, namespace: team, project: splat, components: [web]}}]"
    stable(town, application=both)
    built(town, {}, api="a", web="b")
    argocd.deploys(app, head(town), [image()])
    argocd.deploys(web, head(town), [image()])
    bot.settles()
    assert "The application `web` does not run web sha256:bbbbbbbbbbbb in dev" in gates(town)[2]
    argocd.deploys(web, head(town), [image("web", "b")])
    bot.waits(121)
    assert gates(town)[:2] == ("completed", "success")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"token": "another"}, "Argo CD does not accept ARGOCD_AUTH_TOKEN (401)"),
        ({"rights": set()}, "Argo CD forbids to get splattop-dev (403)"),
        ({"answers": (500, b"{}")}, "Argo CD answered with status 500"),
        ({"answers": (200, b"{}")}, "its answer has another shape than its API describes"),
        ({"applications": {}}, "or there is no such application"),
    ],
)
def test_what_argo_cd_does_not_tell_is_unknown(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application, change: dict[str, object], says: str
):
    stable(town)
    built(town, {})
    argocd.deploys(app, head(town), [image()])
    for name, value in change.items():
        setattr(argocd, name, value)
    bot.settles()
    assert gates(town)[:2] == ("completed", "failure")
    assert says in gates(town)[2]
    with town.expect_no_writes():
        bot.sweeps()


def test_without_settings_or_application_it_is_unknown_and_names_what_to_set(bot: Bot, town: Town):
    demand(town, "stability: {}")
    built(town, {})
    bot.settles()
    assert town.check(town.pull("staging")) == ("completed", "failure")
    assert "add `argocd` to dev" in gates(town)[2]
    stable(town)
    bot.sweeps()
    assert "ARGOCD_SERVER is not set" in gates(town)[2]
