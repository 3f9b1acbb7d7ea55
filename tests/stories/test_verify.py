"""After the rollout: health checks, smoke tests and metrics say whether it is well (rows P7, R9, B8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.gauges import Gauges
from bot.model.facts import Unknown
from bot.model.measurements import MetricReading, MetricsReading, Sample, Samples
from bot.sandbox.actions.workflows import workflow_of
from bot.sandbox.argocd import Application, ArgoCD
from bot.sandbox.state import WorkflowRun
from tests.builders import digest
from tests.stories.cast import Bot, Town
from tests.stories.deploying import (
    FAILED,
    LIVE,
    Service,
    demand,
    deployment,
    equip,
    image,
    merged,
    mirrored,
    rolls_out,
    stands,
    states,
    story,
)
from tests.stories.test_deploy import AUTO, released
from tests.stories.test_overrides import says

SMOKE = ".github/workflows/smoke.yml"


@pytest.fixture
def service() -> Iterator[Service]:
    with Service.start() as running:
        yield running


@pytest.fixture
def argocd(bot: Bot, town: Town, service: Service) -> Iterator[ArgoCD]:
    """Every sync succeeds at once; health checks may ask this machine."""
    with ArgoCD.start(clock=town.github.world.clock.now) as running:
        equip(
            bot,
            argocd_server=running.url,
            argocd_auth_token=running.token,
            verify_private_urls=(service.url,),
        )
        rolls_out(running)
        yield running


@pytest.fixture
def app(argocd: ArgoCD) -> Application:
    made = argocd.application("splattop-dev")
    argocd.deploys(made, "0" * 40, [image(letter="0")])
    return made


def health(service: Service, more: str = "") -> str:
    return f'{AUTO}\nverify: {{health: [{{name: api, url: "{service.url}/health", body_contains: \'"ok"\'{more}}}]}}'


def test_a_healthy_service_is_live_after_so_many_right_answers_in_a_row(
    bot: Bot, town: Town, service: Service, app: Application
):
    pull = released(bot, town, health(service, ", successes: 3"))
    assert (stands(bot, pull), service.asked) == ("verifying", ["/health"])
    bot.waits(10)
    assert (stands(bot, pull), len(service.asked)) == ("verifying", 2)
    bot.waits(10)
    assert (stands(bot, pull), len(service.asked)) == (LIVE, 3)
    assert mirrored(town)[0][2] == ["in_progress", "success"]
    assert "3 of 3 right answers" in story(pull)
    with town.expect_no_writes():
        bot.sweeps()


def test_a_wrong_answer_begins_the_counting_again(bot: Bot, town: Town, service: Service, app: Application):
    service.answers = [(200, b'"ok"'), (503, b"no"), (200, b'"ok"')]
    pull = released(bot, town, health(service, ", successes: 2"))
    bot.waits(10)
    assert "it answered with status 503, needed: 200" in deployment(bot, pull).findings[0]
    bot.waits(10)
    assert stands(bot, pull) == "verifying"
    bot.waits(10)
    assert stands(bot, pull) == LIVE


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((500, b'"ok"'), "it answered with status 500, needed: 200"),
        ((200, b'"down"'), 'its answer does not contain `"ok"`'),
        ((302, b'"ok"'), "it answered with status 302, needed: 200"),
    ],
)
def test_a_service_that_does_not_become_well_in_time_fails(
    bot: Bot, town: Town, service: Service, app: Application, answer: tuple[int, bytes], why: str
):
    service.answers = [answer]
    pull = released(bot, town, health(service))
    bot.waits(29 * 60)
    assert stands(bot, pull) == "verifying"
    bot.waits(61)
    assert stands(bot, pull) == FAILED
    assert why in deployment(bot, pull).findings[0]
    assert why in story(pull)
    assert mirrored(town)[0][2] == ["in_progress", "failure"]
    assert (bot.ledger("deployment")[-1][0], why in bot.ledger("deployment")[-1][1]) == ("failed", True)
    with town.expect_no_writes():
        bot.sweeps()
        bot.waits(7200)


ONLY_VERIFIED = 'verify: {{health: [{{name: api, url: "{url}/health"}}]}}'


@pytest.mark.parametrize(
    ("command", "says_so"),
    [
        (
            "/sync",
            "It is verified again from the beginning; the rules name no Argo CD application for it in `dev`.",
        ),
        ("/retry", "It is looked at again from the beginning."),
    ],
)
def test_what_failed_where_nothing_is_synced_is_verified_again_on_a_persons_word(
    bot: Bot, town: Town, service: Service, argocd: ArgoCD, command: str, says_so: str
):
    service.answers = [(500, b"down")]
    pull = released(bot, town, ONLY_VERIFIED.format(url=service.url))
    bot.waits(31 * 60)
    assert stands(bot, pull) == FAILED
    service.answers = [(200, b"ok")]
    assert says_so in says(bot, town, pull, "ana", command)
    bot.waits(60)
    assert stands(bot, pull) == LIVE
    assert mirrored(town)[0][2][-1] == "success"
    with town.expect_no_writes():
        bot.sweeps()


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://2852039166/",
        "http://[fe80::1]/",
        "http://127.0.0.1:1/",
        "http://[::ffff:169.254.169.254]/",
    ],
)
def test_case_90_an_address_that_may_not_be_asked_fails_the_check_at_once(
    bot: Bot, town: Town, app: Application, url: str
):
    pull = released(bot, town, f'{AUTO}\nverify: {{health: [{{name: x, url: "{url}"}}]}}')
    assert stands(bot, pull) == FAILED
    assert "it is not asked" in story(pull) or "not asked" in story(pull)
    assert bot.ledger("deployment")[-1][0] == "failed"


def test_what_runs_must_stay_well_while_it_is_verified(
    bot: Bot, town: Town, service: Service, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, health(service, ", successes: 5"))
    argocd.becomes(app, "Degraded", "crash loop")
    bot.waits(11)
    assert stands(bot, pull) == FAILED
    assert "is Degraded (`crash loop`)" in story(pull)


def smoke(town: Town, name: str = "splattop/app") -> str:
    """The app repository has a smoke test that can be dispatched."""
    workflow_of(town.github.world, town.github.repo(name), SMOKE, "smoke")
    return f"{AUTO}\nverify: {{smoke: [{{name: e2e, repository: {name}, workflow: {SMOKE}, inputs: {{env: dev}}}}]}}"


def dispatched(town: Town) -> list[WorkflowRun]:
    runs = town.github.repo("splattop/app").runs.values()
    return [each for each in runs if each.event == "workflow_dispatch"]


def test_a_smoke_test_is_dispatched_once_and_its_conclusion_awaited(bot: Bot, town: Town, app: Application):
    pull = released(bot, town, smoke(town))
    (run,) = dispatched(town)
    assert town.github.world.dispatches == [
        ("splattop/app", SMOKE, {"ref": "main", "inputs": {"env": "dev"}})
    ]
    assert stands(bot, pull) == "verifying"
    town.github.finish_run(run, "success", {})
    bot.settles()
    assert stands(bot, pull) == LIVE
    assert f"passed (run {run.number}," in story(pull)
    with town.expect_no_writes():
        bot.sweeps()


def test_a_smoke_test_whose_run_is_looked_for_does_not_take_another_deployment_s(
    bot: Bot, town: Town, app: Application
):
    first = released(bot, town, smoke(town))
    town.release(web="b")
    bot.settles()
    second = next(each for each in town.pulls("merged") if each is not first)
    app.images = [image(), image("web", "b")]
    bot.waits(10)
    begun = deployment(bot, second).progress["smoke:e2e"]
    # A worker died before it kept which run GitHub has begun, or this GitHub does not tell.
    bot.store.deployments.note(deployment(bot, second), progress=[replace(begun, run_id=None)])
    ours, theirs = sorted(dispatched(town), key=lambda each: each.id)
    town.github.finish_run(ours, "success", {})
    bot.settles().waits(31)
    assert (stands(bot, first), stands(bot, second)) == (LIVE, "verifying")
    town.github.finish_run(theirs, "success", {})
    bot.settles().waits(31)
    assert stands(bot, second) == LIVE


def test_a_smoke_test_that_fails_fails_the_deployment(bot: Bot, town: Town, app: Application):
    pull = released(bot, town, smoke(town))
    town.github.finish_run(dispatched(town)[0], "failure", {})
    bot.waits(31)
    assert stands(bot, pull) == FAILED
    assert "ended as `failure`" in story(pull)


def test_a_smoke_test_that_does_not_end_has_its_time(bot: Bot, town: Town, app: Application):
    pull = released(bot, town, smoke(town))
    bot.waits(15 * 60 + 31)
    assert stands(bot, pull) == FAILED
    assert "that is over the 15 min that the rules give it" in story(pull)


def test_a_workflow_that_is_not_there_fails_with_github_s_words(bot: Bot, town: Town, app: Application):
    text = f"{AUTO}\nverify: {{smoke: [{{name: e2e, repository: splattop/app, workflow: {SMOKE}}}]}}"
    pull = released(bot, town, text)
    assert stands(bot, pull) == FAILED
    assert "could not be begun: GitHub refused it (404)" in story(pull)


def test_smoke_tests_begin_when_health_is_good_and_may_be_http_steps(
    bot: Bot, town: Town, service: Service, app: Application
):
    steps = f'smoke: [{{name: buy, steps: [{{url: "{service.url}/cart"}}, {{url: "{service.url}/pay"}}]}}]'
    text = f'{AUTO}\nverify: {{health: [{{name: api, url: "{service.url}/health"}}], {steps}}}'
    service.answers = [(503, b""), (200, b""), (200, b""), (500, b""), (200, b"")]
    pull = released(bot, town, text)
    assert service.asked == ["/health"]
    bot.waits(11)
    assert service.asked == ["/health", "/health", "/cart", "/pay"]
    bot.waits(11)
    assert service.asked[4:] == ["/pay"]
    assert stands(bot, pull) == LIVE


class Measured(Gauges):
    """Prometheus, as a story wants it."""

    value: float | None = 1.0
    asked: list[tuple[Any, datetime]]

    def metrics(self, gate: Any, place: Any, since: Any, at: datetime) -> MetricsReading:
        self.asked.append((since, at))
        now: Samples | Unknown = Unknown(why="PROMETHEUS_URL did not answer")
        if self.value is not None:
            now = Samples(samples=(Sample(labels={}, value=self.value),), query="up", source="errors", at=at)
        return MetricsReading(
            environment=place.environment, since=since, metrics=(MetricReading(name="errors", now=now),)
        )


def measuring(bot: Bot, value: float | None) -> Measured:
    gauges = Measured(bot.settings)
    gauges.value, gauges.asked = value, []
    bot.works = replace(bot.works, house=replace(bot.works.house, readers=gauges))
    return gauges


METRICS = f"{AUTO}\nverify: {{metrics: [{{name: errors, query: up, max: 5}}], window: 10m}}"


@pytest.mark.parametrize(("value", "state"), [(1.0, LIVE), (9.0, FAILED)])
def test_metrics_are_judged_when_their_window_is_over(
    bot: Bot, town: Town, app: Application, value: float, state: str
):
    gauges = measuring(bot, value)
    pull = released(bot, town, METRICS)
    bot.waits(9 * 60)
    assert (stands(bot, pull), gauges.asked) == ("verifying", [])
    bot.waits(61)
    assert stands(bot, pull) == state
    (since, at) = gauges.asked[0]
    assert (at - since).total_seconds() >= 600


def test_a_prometheus_that_does_not_answer_is_waited_for(bot: Bot, town: Town, app: Application):
    gauges = measuring(bot, None)
    pull = released(bot, town, METRICS)
    bot.waits(3600)
    assert stands(bot, pull) == "verifying"
    assert "could not be read" in deployment(bot, pull).findings[0]
    gauges.value = 1.0
    bot.waits(121)
    assert stands(bot, pull) == LIVE


def test_an_app_without_the_permission_goes_on_without_github_s_environments(
    bot: Bot, town: Town, service: Service, app: Application
):
    for each in town.github.world.installations.values():
        each.permissions = {k: v for k, v in each.permissions.items() if k != "deployments"}
    pull = released(bot, town, health(service))
    assert stands(bot, pull) == LIVE
    assert mirrored(town) == []
    assert [each for each in bot.ledger("mirror_deployment") if each[0] == "skipped"] != []
    with town.expect_no_writes():
        bot.sweeps()


def test_a_notification_of_argo_cd_is_looked_at_before_the_next_poll(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    from bot.web.app import create_app
    from bot.web.argocd import argocd as door

    argocd.rollout = None
    pull = released(bot, town, AUTO)
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Healthy")
    bot.settles()
    assert stands(bot, pull) == "syncing"
    token = "a token of sixteen or more"
    web = create_app(
        settings=bot.settings,
        store=bot.store,
        clock=bot.works.house.clock,
        rooms=[door(bot.store, token)],
    ).test_client()
    sent = {"Authorization": f"Bearer {token}"}
    assert web.post("/api/argocd", json={"application": "splattop-dev"}, headers=sent).status_code == 202
    bot.settles()
    assert stands(bot, pull) == LIVE


def soaked(town: Town) -> None:
    demand(town, "soak: 1h", environment="    merge: approved\n")


def test_soak_counts_from_live_and_not_from_the_merge(bot: Bot, town: Town, argocd: ArgoCD, app: Application):
    argocd.rollout = None
    soaked(town)
    pull = released(bot, town, AUTO)
    staging = town.pull("staging")
    gates = town.checks(staging)["lockstep: main / gates"]
    assert "is not healthy yet" in gates.output["title"]
    argocd.finishes(app, [image()])
    argocd.becomes(app, "Healthy")
    bot.waits(300)
    assert stands(bot, pull) == LIVE
    live = deployment(bot, pull).live_at
    assert live is not None
    bot.waits(3590)
    gates = town.checks(staging)["lockstep: main / gates"]
    assert "must be healthy for 1 h" in gates.output["title"]
    bot.waits(20)
    assert town.check(staging, "lockstep: main / gates") == ("completed", "success")


def test_the_record_follows_the_approvals(bot: Bot, town: Town, service: Service):
    town.release(api="a")
    bot.settles()
    staging = town.pull("staging")
    assert states(bot, staging) == ["opened"]
    town.github.review(staging, "ana")
    bot.settles()
    assert states(bot, staging) == ["opened", "approved", "merged", "live"]
    assert deployment(bot, merged(town, "staging")).components["api"].before == "sha256:" + "0" * 64


LOG = f"{AUTO}\nverify: {{release_log: docs/release-log.md}}"


def log_pulls(town: Town) -> list[str]:
    return [each.title for each in town.pulls("open") if each.head_ref == "lockstep-release-log"]


def test_proven_releases_are_kept_in_a_log_by_one_pull_request(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    released(bot, town, LOG)
    assert log_pulls(town) == ["Keep the release log"]
    rolls_out(argocd, "b")
    town.github.advance(60)
    town.release(api="b")
    bot.settles()
    assert log_pulls(town) == ["Keep the release log"]
    (log,) = [each for each in town.pulls("open") if each.head_ref == "lockstep-release-log"]
    written = town.github.file("splattop/config", log.head_sha, "docs/release-log.md")
    assert written is not None
    rows = [line for line in written.decode().splitlines() if line.startswith("| 20")]
    assert [("sha256:" + letter * 64) in row for letter, row in zip("ab", rows, strict=True)] == [True, True]
    merges = len(town.pulls("merged"))
    town.github.merge(log, by="ana")
    bot.settles()
    assert (len(town.pulls("merged")), log_pulls(town)) == (merges + 1, [])
    with town.expect_no_writes():
        bot.sweeps()


def test_proven_releases_may_be_github_s_release_notes(
    bot: Bot, town: Town, argocd: ArgoCD, app: Application
):
    pull = released(bot, town, LOG.replace("docs/release-log.md", "releases"))
    (notes,) = town.github.repo("splattop/config").releases.values()
    assert (notes.tag, notes.prerelease) == (f"deployed/dev/{pull.number}", True)
    assert notes.name.startswith("dev: api 7.0.0")
    assert digest("a") in notes.body
    assert town.github.repo("splattop/config").git.ref(f"tags/{notes.tag}") == pull.merge_commit_sha
    assert log_pulls(town) == []
    with town.expect_no_writes():
        bot.sweeps()


def test_what_github_does_not_take_now_does_not_hold_verification_up(
    bot: Bot, town: Town, service: Service, app: Application
):
    town.github.faults.fails(502, operation="addComment", times=None)
    pull = released(bot, town, health(service, ", successes: 2"))
    bot.waits(11)
    assert (stands(bot, pull), story(pull)) == (LIVE, "")
    town.github.faults.clear()
    bot.waits(31)
    assert "2 of 2 right answers" in story(pull)
    assert mirrored(town)[0][2][-1] == "success"
    with town.expect_no_writes():
        bot.sweeps()
