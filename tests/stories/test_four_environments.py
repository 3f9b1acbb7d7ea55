"""One release through all four environments to production, deployed and proven in each (rows P1, P6, P7, R5, R9, B8).

Argo CD is the local one, health checks go over HTTP, the metrics come from a real Prometheus; approvals by role are
told in test_three_roles, the gates before a merge in test_gates_real.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.sandbox.argocd import ArgoCD
from bot.sandbox.state import Pull
from tests.builders import values
from tests.servers.openmetrics import openmetrics
from tests.servers.running import prometheus
from tests.stories.cast import RULES, Bot, Town
from tests.stories.deploying import LIVE, Service, equip, image, mirrored, rolls_out, stands, states, story
from tests.stories.test_deploy import syncs
from tests.stories.test_overrides import says
from tests.stories.test_verify import service

__all__ = ["service"]  # fixtures

NAMES = ("dev", "staging", "canary", "production")
HEAD, _, _ = RULES.partition("environments:\n")
OFF = (
    *("tests", "coverage", "security", "quality", "slo", "error_budget", "critical_alerts"),
    *("stability", "image", "canary", "metrics"),
)
LOG = "docs/release-log.md"


def environment(name: str, before: str | None, url: str) -> str:
    """One environment of the rules: synced, asked for its health, and measured for a minute."""
    sync = "confirm" if name == "production" else "auto"
    merge = (
        "    merge: auto\n"
        if before is None
        else f"    from: {before}\n    auto_promote: true\n    merge: approved\n"
    )
    approvals = "" if before is None else "    approvals: [{role: platform, count: 1}]\n"
    return (
        f'  {name}:\n    values: [{{file: helm/values-{name}.yaml, path: "{{component}}.image"}}]\n{merge}'
        f"    required_checks: [helm-lint]\n    gates: {{{', '.join(f'{each}: off' for each in OFF)}}}\n{approvals}"
        f"    argocd: {{application: splattop-{name}, sync: {sync}}}\n"
        f"    verify:\n      release_log: {LOG}\n      window: 1m\n"
        f'      health: [{{name: api, url: "{url}/{name}/health", successes: 2}}]\n'
        "      metrics: [{name: errors, max: 0.05,"
        " query: 'error_ratio{environment=\"$environment\"}'}]\n"
    )


@pytest.fixture
def argocd(bot: Bot, town: Town, service: Service, tmp_path: Path) -> Iterator[ArgoCD]:
    """Four applications, a service behind them, and a Prometheus that knows 1% of errors in each environment."""
    folder, now = tmp_path / "prometheus", bot.works.house.clock()
    folder.mkdir()
    known = [(f'error_ratio{{environment="{name}"}}', lambda _: 0.01) for name in NAMES]
    text = openmetrics({"error_ratio": ("gauge", known)}, now - timedelta(hours=1), now + timedelta(hours=4))
    with prometheus(folder, text) as server, ArgoCD.start(clock=town.github.world.clock.now) as running:
        equip(
            bot,
            argocd_server=running.url,
            argocd_auth_token=running.token,
            prometheus_url=server.url,
            verify_private_urls=(service.url,),
        )
        for name in NAMES:
            running.deploys(running.application(f"splattop-{name}"), "0" * 40, [image(letter="0")])
        rolls_out(running)
        before = (None, *NAMES[:-1])
        rules = HEAD + "environments:\n"
        rules += "".join(environment(*pair, service.url) for pair in zip(NAMES, before, strict=True))
        files = {f"helm/values-{name}.yaml": values() for name in NAMES}
        town.github.push(
            "splattop/config", "main", {**files, "promotion/promotion-rules.yaml": rules}, by="ana"
        )
        bot.waits(60)
        yield running


def proven(bot: Bot, town: Town, name: str) -> Pull:
    """Waits until what was merged there is live, as the clock goes on."""
    pull = town.pull(name, "merged")
    for _ in range(12):
        if stands(bot, pull) == LIVE:
            return pull
        bot.waits(15)
    pytest.fail(f"#{pull.number} in {name}: {states(bot, pull)}\n{story(pull)}", pytrace=False)


def test_a_release_goes_through_four_environments_and_is_proven_in_each(
    bot: Bot, town: Town, argocd: ArgoCD, service: Service
):
    town.release(api="a")
    bot.settles()
    pulls = [proven(bot, town, "dev")]
    for name in NAMES[1:]:
        town.github.advance(60)
        opened = town.pull(name)
        assert town.check(opened) == ("completed", "action_required"), f"{name} waits for its people"
        town.github.review(opened, "ana")
        bot.settles()
        if name == "production":
            assert stands(bot, opened) == "merged", "production waits for a person's word"
            says(bot, town, opened, "ana", "/sync")
        pulls.append(proven(bot, town, name))
    assert [each.title for each in pulls] == [f"Promote api 7.0.0 to {name}" for name in NAMES]
    for name, pull in zip(NAMES, pulls, strict=True):
        assert "a" * 64 in town.values(name)
        assert states(bot, pull)[-4:] == ["merged", "syncing", "verifying", "live"]
        assert f"/{name}/health" in service.asked
        assert "**live**" in story(pull)
    assert syncs(argocd) == 4
    expect_mirrored(town, pulls)
    expect_logged(bot, town, pulls)
    with town.expect_no_writes():
        bot.waits(3600).sweeps()


def expect_mirrored(town: Town, pulls: list[Pull]) -> None:
    """GitHub's Environments page: one Deployment of the merged commit each, in progress and then a success."""
    found = mirrored(town)
    assert [(name, sha) for name, sha, _ in found] == [
        (name, (pull.merge_commit_sha or "")[:7]) for name, pull in zip(NAMES, pulls, strict=True)
    ]
    for name, _, statuses in found:
        waited = ["queued"] if name == "production" else []
        assert statuses == [*waited, "in_progress", "success"], name


def expect_logged(bot: Bot, town: Town, pulls: list[Pull]) -> None:
    """The ledger has each step once, and the release log, in one pull request, a row for each environment."""
    rows = [row.entry for row in bot.store.ledger.rows(limit=5000)]
    for pull in pulls:
        mine = [each for each in rows if each.pull_number == pull.number]
        assert [each.decision for each in mine if each.event == "promotion_merged"] == ["done"]
        assert [each.details["state"] for each in mine if each.event == "deployment"] == [
            "merged",
            "syncing",
            "verifying",
            "live",
        ]
    (log,) = [each for each in town.pulls("open") if each.head_ref == "lockstep-release-log"]
    kept = town.github.file("splattop/config", log.head_sha, LOG)
    assert kept is not None
    lines = [line for line in kept.decode().splitlines() if "/pull/" in line]
    assert len(lines) == len(NAMES)
    assert [name for name, line in zip(NAMES, lines, strict=True) if f"`{name}`" not in line] == []
