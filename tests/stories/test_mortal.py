"""A worker that dies at every single thing it does, in each state of a promotion (row G7, attack case 100).

A bad release goes to staging and is taken back by itself. However often the workers die on the way, GitHub looks as it
does without that, and the ledger has each row once.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.sandbox.argocd import ArgoCD
from tests.stories.cast import Bot, Town
from tests.stories.deploying import Service, demand, equip, image, rolls_out
from tests.stories.mortal import Mortal, acted, left, lives_on, mortal, portrait, told
from tests.stories.test_deploy import syncs
from tests.stories.test_rollback import moves, rollbacks
from tests.stories.test_verify import service

__all__ = ["service"]  # fixtures

STAGING = "    merge: approved\n"
STATES = ["opened", "approved", "merged", "syncing", "verifying", "failed", "rolling back"]


@pytest.fixture
def argocd(bot: Bot, town: Town, service: Service) -> Iterator[ArgoCD]:
    """staging is synced and asked for its health; a release that fails there goes back by itself."""
    with ArgoCD.start(clock=town.github.world.clock.now) as running:
        equip(
            bot,
            argocd_server=running.url,
            argocd_auth_token=running.token,
            verify_private_urls=(service.url,),
        )
        running.deploys(running.application("splattop-staging"), "0" * 40, [image(letter="0")])
        rolls_out(running)
        demand(
            town,
            "argocd: {application: splattop-staging, sync: auto}\n"
            f'verify: {{timeout: 2m, health: [{{name: api, url: "{service.url}/health"}}]}}\n'
            "rollback: {automatic: true, triggers: [health_check_failure]}",
            environment=STAGING,
        )
        bot.waits(60)
        yield running


def goes_wrong(bot: Bot, town: Town, argocd: ArgoCD, service: Service, each: Mortal) -> Bot:
    """The second release fails in staging, and is taken back."""
    rolls_out(argocd, "b")
    service.answers = [(500, b"no")]
    town.release(api="b")
    bot = lives_on(bot, each)
    town.github.advance(5)
    town.github.review(town.pull("staging"), "ana")
    bot = lives_on(bot, each)
    for _ in range(12):
        if rollbacks(town):
            break
        town.github.advance(30)
        bot = lives_on(bot, each)
    (back,) = rollbacks(town)
    rolls_out(argocd, "a")
    service.answers = [(200, b"ok")]
    town.github.advance(5)
    town.github.review(back, "ana")
    bot = lives_on(bot, each)
    for _ in range(6):
        town.github.advance(31)
        bot = lives_on(bot, each)
    return bot


TOLD = {
    "approval done": {2: 1, 4: 1, 5: 1},
    "approval_required done": {2: 1, 4: 1, 5: 1},
    "deployment done": {1: 2, 2: 4, 3: 2, 4: 5, 5: 4},
    "deployment failed": {4: 1},
    "direct_push done": {None: 1},
    "evidence done": {1: 1, 2: 1, 3: 1, 4: 1, 5: 1},
    "hold done": {5: 1},
    "incident done": {5: 1},
    "promotion_merged done": {1: 1, 2: 1, 3: 1, 4: 1, 5: 1},
    "release_accepted done": {None: 2},
    "rollback done": {5: 1},
    "rollback_asked done": {None: 1},
    "rollback_ended done": {5: 1},
    "rollback_merged done": {5: 1},
    "rules_changed done": {None: 1},
    "verdicts done": {1: 1, 2: 2, 3: 1, 4: 2, 5: 2},
    "veto done": {5: 1},
    "vetoed refused": {None: 1},
}
"""How many rows the ledger has of each event and pull request, when nobody dies."""
SEEN = [
    "#1 Promote api 7.0.0 to dev: merged, 0 comments, automation:release-bump env:dev",
    "#2 Promote api 7.0.0 to staging: merged, 1 comments, automation:release-bump env:staging",
    "#3 Promote api 8.0.0 to dev: merged, 0 comments, automation:release-bump env:dev",
    "#4 Promote api 8.0.0 to staging: merged, 1 comments, automation:release-bump env:staging",
    "#5 Roll back api to 7.0.0 in staging: merged, 1 comments, automation:rollback env:staging",
    "staging: inactive",
    "staging: inactive",
    "staging: success",
    "heads/main",
]
"""What stands on GitHub in the end; of each Deployment, the last status."""


@pytest.mark.parametrize(
    ("states", "before", "deaths"),
    [
        pytest.param(frozenset({"nobody dies"}), False, range(1), id="nobody dies"),
        *(pytest.param(frozenset({each}), False, range(2, 150), id=f"while {each}") for each in STATES),
        pytest.param(frozenset(), True, range(100, 300), id="before whatever it does"),
    ],
)
def test_case_100_workers_that_die_at_every_step_leave_github_and_the_ledger_as_if_none_had(
    bot: Bot,
    town: Town,
    argocd: ArgoCD,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    states: frozenset[str],
    before: bool,
    deaths: range,
):
    moves(bot, town, api="a")
    each = Mortal(before=before, states=states)
    with mortal(monkeypatch, each):
        bot = goes_wrong(bot, town, argocd, service, each)
    assert portrait(town) == SEEN, "\n".join(each.died_at)
    assert told(bot) == TOLD, "\n".join(each.died_at)
    attempts, ends = acted(bot)
    assert attempts == ends
    assert left(bot) <= len(each.died_at)
    assert len(each.died_at) in deaths
    assert syncs(argocd) == 3
    with town.expect_no_writes():
        bot.sweeps().waits(3600)
