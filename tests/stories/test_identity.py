"""Numeric ids are the identity of repositories and people: names change hands, and nothing is handed over with them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.sandbox.scenario import Delivery
from bot.sandbox.state import WorkflowRun
from bot.web.app import create_app
from bot.wiring import works
from tests.builders import digest
from tests.stories.cast import RULES, WORKFLOW, Bot, Town

RULES_PATH = "promotion/promotion-rules.yaml"


def build(town: Town, repository: str, **components: str) -> WorkflowRun:
    """CI of any repository finishes on a new commit."""
    town.number += 1
    sha = town.github.push(repository, "main", {"VERSION": f"{town.number}\n"}, by="dev")
    run = town.github.start_run(repository, WORKFLOW, name="build", branch="main", sha=sha, by="dev")
    return town.finished(run, **components)


def downloads(town: Town) -> list[str]:
    return [entry.path for entry in town.github.requests if entry.path.endswith("/zip")]


def finished(town: Town) -> list[Delivery]:
    """The deliveries of finished runs; what else was sent is lost."""
    deliveries = town.github.webhooks.take("workflow_run", "completed")
    town.github.webhooks.take()
    return deliveries


def opened(town: Town) -> list[tuple[str, int]]:
    """Every pull request of the config repository that there is or was, and its head."""
    return [(each.head_sha, each.number) for each in town.pulls("all")]


def asked(town: Town) -> int:
    return len(town.github.requests)


def renamed(town: Town, *, told: bool = True) -> None:
    """The source is called splattop/shop from now on; untold, the event is lost."""
    town.github.rename("splattop/app", "shop")
    if not told:
        town.github.webhooks.take()


def taken_over(town: Town, *, told: bool = True) -> int:
    """The source was renamed, and a new repository has its old name; the id of the new one."""
    renamed(town, told=told)
    impostor = town.github.repository("splattop/app", {"README.md": "# app\n"})
    town.github.grant("dev", "splattop/app", "write")
    return impostor.id


both = pytest.mark.parametrize("told", [True, False], ids=["told", "event lost"])


@both
def test_case_25_a_renamed_source_goes_on_working_under_its_old_name_in_the_rules(bot: Bot, town: Town, told):
    town.release(api="a")
    bot.settles()
    renamed(town, told=told)
    build(town, "splattop/shop", api="c")
    bot.settles()
    assert digest("c") in town.values("dev")
    ((decision, reason),) = bot.ledger("source_renamed")
    assert decision == "done"
    assert "splattop/app is called splattop/shop now" in reason

    with town.expect_no_writes():
        bot.sweeps().sweeps()
    assert len(bot.ledger("source_renamed")) == 1


def test_case_25_the_pull_request_of_a_renamed_source_links_to_where_it_is_now(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    renamed(town)
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    build(town, "splattop/shop", api="c")
    bot.settles()
    body = town.pull("dev").body
    assert "/splattop/shop/" in body
    assert "/splattop/app/" not in body


@both
def test_case_25_an_impostor_under_the_old_name_hands_over_nothing(bot: Bot, town: Town, told):
    town.release(api="a")
    bot.settles()
    taken_over(town, told=told)
    before = downloads(town)
    build(town, "splattop/app", api="e")
    bot.settles().sweeps()  # links to the real source are renewed here
    build(town, "splattop/app", api="f")
    with town.expect_no_writes():
        bot.settles().sweeps()
    assert downloads(town) == before
    assert len(town.pulls("all")) == 2
    assert digest("a") in town.values("dev")
    assert [decision for decision, _ in bot.ledger("impostor")] == ["refused"]


@both
def test_case_25_the_real_source_goes_on_beside_the_impostor(bot: Bot, town: Town, told):
    town.release(api="a")
    bot.settles()
    taken_over(town, told=told)
    build(town, "splattop/shop", api="c")
    bot.settles()
    assert digest("c") in town.values("dev")


def test_case_25_the_sweep_finds_the_real_source_s_run_beside_the_impostor(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    taken_over(town, told=False)
    build(town, "splattop/app", api="e")
    build(town, "splattop/shop", api="c")
    town.github.webhooks.take()
    bot.sweeps()
    assert digest("c") in town.values("dev")
    assert digest("e") not in town.values("dev")


def test_case_25_a_new_repository_is_taken_when_the_rules_name_its_id(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    number = taken_over(town)
    rules = RULES.replace(
        "  - repository: splattop/app\n", f"  - repository: splattop/app\n    id: {number}\n"
    )
    town.github.push("splattop/config", "main", {RULES_PATH: rules}, by="ana")
    bot.settles()
    build(town, "splattop/app", api="e")
    bot.settles()
    assert digest("e") in town.values("dev")

    build(town, "splattop/shop", api="c")
    bot.settles()
    assert digest("c") not in town.values("dev")


def test_case_25_a_name_that_was_given_an_id_keeps_it_when_the_rules_no_longer_say_it(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    number = taken_over(town)
    rules = RULES.replace(
        "  - repository: splattop/app\n", f"  - repository: splattop/app\n    id: {number}\n"
    )
    town.github.push("splattop/config", "main", {RULES_PATH: rules}, by="ana")
    build(town, "splattop/app", api="e")
    bot.settles()
    town.github.push("splattop/config", "main", {RULES_PATH: RULES}, by="ana")
    build(town, "splattop/app", api="f")
    bot.settles()
    assert digest("f") in town.values("dev")


def test_case_25_an_id_of_another_repository_refuses_the_one_that_has_the_name(bot: Bot, town: Town):
    rules = RULES.replace("  - repository: splattop/app\n", "  - repository: splattop/app\n    id: 77\n")
    town.github.push("splattop/config", "main", {RULES_PATH: rules}, by="ana")
    town.release(api="a")
    bot.settles()
    assert (downloads(town), town.pulls("all")) == ([], [])
    assert [decision for decision, _ in bot.ledger("impostor")] == ["refused"]


@both
def test_case_25_a_renamed_config_repository_goes_on(bot: Bot, town: Town, told):
    town.release(api="a")
    bot.settles()
    town.github.rename("splattop/config", "deployments")
    if not told:
        town.github.webhooks.take()
    town.release(api="c")
    bot.settles()
    assert digest("c") in town.values("dev")
    assert town.pull("staging").title == "Promote api 7.0.0 to staging"

    with town.expect_no_writes():
        bot.sweeps()


def test_case_25_a_config_repository_that_is_renamed_under_an_open_promotion_is_merged(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.rename("splattop/config", "deployments")
    town.github.webhooks.take()
    town.github.check("splattop/deployments", pull.head_sha, "helm-lint")
    bot.settles()
    assert pull.merged


def test_case_25_a_write_is_never_sent_on_to_where_a_redirect_points(bot: Bot, town: Town):
    """The repository is renamed between the last read and the check run on its commit (POST, 307)."""
    town.release(api="a")
    bot.settles()

    def rename_once(request, _response):
        if (request.method, request.path[-11:]) == ("GET", "/check-runs") and town.github.repo(
            "splattop/app"
        ).name == "app":
            town.github.rename("splattop/app", "shop")

    town.github.on_exchange(rename_once)
    run = town.release(artifact={"component-tags.json": b"not json"})
    bot.settles()
    moved = [entry for entry in town.github.requests if entry.status == 307]
    assert [entry.path for entry in moved] == ["/repos/splattop/app/check-runs"]
    assert [entry.path for entry in town.github.requests if entry.path.startswith("/repositories/")] == []
    checks = town.github.checks("splattop/shop", run.head_sha)
    assert checks["lockstep: release"].conclusion == "failure"


def test_case_25_a_source_that_was_transferred_away_is_left_alone(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    town.github.org("elsewhere", admins=["eve"])
    build(town, "splattop/app", api="c")
    town.github.transfer("splattop/app", "elsewhere")
    there = opened(town)
    bot.settles()
    assert opened(town) == there
    bot.waits(3600).sweeps()
    assert opened(town) == there
    assert town.checks(town.pull("staging"))["lockstep: main"].conclusion == "failure"
    with town.expect_no_writes():
        bot.sweeps()
    assert digest("c") not in town.values("dev")
    assert [decision for decision, _ in bot.ledger("not_installed")] == ["skipped"]
    assert bot.store.subjects.parked() == ()


def test_case_25_a_source_that_was_transferred_to_another_installation_hands_over_nothing(
    bot: Bot, town: Town
):
    town.release(api="a")
    bot.settles()
    town.github.org("elsewhere", admins=["eve"])
    town.github.install(town.app, "elsewhere")
    town.github.transfer("splattop/app", "elsewhere")
    build(town, "elsewhere/app", api="c")
    before, there = downloads(town), opened(town)
    bot.settles()
    assert opened(town) == there
    bot.waits(3600).sweeps()
    assert opened(town) == there
    assert town.checks(town.pull("staging"))["lockstep: main"].conclusion == "failure"
    with town.expect_no_writes():
        bot.sweeps()
    assert downloads(town) == before
    assert digest("c") not in town.values("dev")


def elsewhere(town: Town) -> None:
    """Another account that installed the App."""
    town.github.org("elsewhere", admins=["eve"])
    town.github.install(town.app, "elsewhere")


def test_case_25_a_source_of_an_account_that_is_not_allowed_any_more_is_not_even_asked_for(
    bot: Bot, town: Town
):
    town.release(api="a")
    bot.settles()
    bot = strict(bot)
    elsewhere(town)
    town.github.transfer("splattop/app", "elsewhere")
    build(town, "elsewhere/app", api="c")
    before, there = asked(town), opened(town)
    with town.expect_no_writes():
        bot.settles()
    assert asked(town) == before
    assert opened(town) == there
    assert {decision for decision, _ in bot.ledger("not_allowlisted")} == {"refused"}


def strict(bot: Bot) -> Bot:
    """The bot, serving splattop alone."""
    settings = replace(bot.settings, allowed_accounts=frozenset({"splattop"}))
    clock = bot.works.house.clock
    web = create_app(settings=settings, store=bot.store, clock=clock)
    return replace(bot, settings=settings, web=web, works=works(settings, store=bot.store, clock=clock))


def test_case_25_a_config_repository_of_another_installation_goes_on_there_with_its_open_promotion(
    bot: Bot, town: Town
):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    elsewhere(town)
    bot.settles()
    for name in ("app", "config"):
        town.github.transfer(f"splattop/{name}", "elsewhere")
    town.github.check("elsewhere/config", pull.head_sha, "helm-lint")
    bot.settles().sweeps()
    assert pull.merged
    assert bot.store.subjects.parked() == ()


def test_case_25_rules_elsewhere_cannot_claim_a_repository_by_its_id(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    number = town.github.repo("splattop/app").id
    rules = RULES[: RULES.index("  staging:")]
    rules = rules.replace(
        "  - repository: splattop/app\n", f"  - repository: elsewhere/app\n    id: {number}\n"
    )
    town.github.org("elsewhere", admins=["eve"])
    town.github.repository(
        "elsewhere/config", {RULES_PATH: rules, "helm/values-dev.yaml": town.values("staging")}
    )
    town.github.install(town.app, "elsewhere")
    bot.settles()
    build(town, "splattop/app", api="c")
    bot.settles().sweeps()
    assert digest("c") in town.values("dev")
    assert town.github.pulls("elsewhere/config", "all") == []


def test_case_25_a_config_repository_that_was_transferred_away_is_not_written(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    town.github.org("elsewhere", admins=["eve"])
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    town.github.transfer("splattop/config", "elsewhere")
    with town.expect_no_writes():
        bot.settles().waits(3600).sweeps()
    assert not pull.merged
    assert "skipped" in {row.entry.decision for row in bot.store.ledger.rows()}


def test_case_26_a_deleted_installation_is_forgotten_and_swept_no_more(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    (installation,) = town.github.world.installations.values()
    town.github.uninstall(installation)
    bot.settles()
    assert not bot.store.repositories.is_known(installation.id)
    assert bot.works.sweep().subjects == 0
    assert any("is gone" in reason for decision, reason in bot.ledger("look") if decision == "skipped")


def test_case_26_a_job_of_a_deleted_installation_asks_once(bot: Bot, town: Town):
    town.release(api="a")
    deliveries = finished(town)
    (installation,) = town.github.world.installations.values()
    town.github.uninstall(installation)
    town.github.webhooks.take()
    for delivery in deliveries:
        bot.receives(delivery)
    before = asked(town)
    with town.expect_no_writes():
        bot.again().settles()
    assert asked(town) - before == 1


def test_case_26_a_new_installation_takes_the_open_promotions_over(bot: Bot, town: Town):
    town.github.ci_for("splattop/config", ["helm-lint"], automatic=False)
    town.release(api="a")
    bot.settles()
    pull = town.pull("dev")
    (installation,) = town.github.world.installations.values()
    town.github.uninstall(installation)
    bot.settles()
    town.github.check("splattop/config", pull.head_sha, "helm-lint")
    town.github.install(town.app, "splattop")
    bot.settles()
    assert pull.merged


def test_case_26_a_repository_that_is_taken_away_untold_stops_no_other(bot: Bot, town: Town):
    town.github.repository("splattop/site")
    (installation,) = town.github.world.installations.values()
    every = {town.github.repo(f"splattop/{name}").id for name in ("app", "config", "site")}
    rules = RULES.replace(
        "      web: {image: ghcr.io/splattop/web}\n",
        "  - repository: splattop/site\n    workflow: .github/workflows/build.yml\n"
        "    components:\n      web: {image: ghcr.io/splattop/web}\n",
    )
    town.github.push("splattop/config", "main", {RULES_PATH: rules}, by="ana")
    bot.settles()
    installation.repository_ids = every - {town.github.repo("splattop/site").id}
    bot = bot.again()
    town.release(api="a")
    bot.settles()
    assert digest("a") in town.values("dev")


def test_case_26_a_job_of_a_source_that_was_taken_away_is_skipped_and_written_down(bot: Bot, town: Town):
    (installation,) = town.github.world.installations.values()
    town.release(api="a")
    deliveries = finished(town)
    installation.repository_ids = {
        town.github.repo("splattop/config").id,
        town.github.repo("splattop/app").id,
    }
    town.github.remove_repositories(installation, ["splattop/app"])
    bot.settles()
    before = asked(town)
    for delivery in deliveries:
        bot.receives(delivery)
    with town.expect_no_writes():
        bot.settles()
    assert asked(town) - before <= 1
    assert [decision for decision, _ in bot.ledger("not_installed")] == ["skipped"]


def test_case_26_somebody_s_pull_request_that_was_closed_meanwhile_is_skipped_once(bot: Bot, town: Town):
    town.github.push("splattop/config", "notes", {"notes.txt": "x"}, by="ana")
    pull = town.github.open_pull("splattop/config", "notes", by="ana", title="Notes")
    town.github.close(pull, by="ana")
    with town.expect_no_writes():
        bot.settles().sweeps()
    assert [reason for _, reason in bot.ledger("look")] == ["the pull request is closed, and no promotion"]


def commit(town: Town) -> str:
    town.number += 1
    return town.github.push("splattop/app", "main", {"VERSION": f"{town.number}\n"}, by="dev")


def test_case_29_a_run_that_the_api_calls_a_failure_is_not_downloaded(bot: Bot, town: Town):
    run = town.finished(town.started(commit(town)), api="a")
    run.conclusion = "failure"
    bot.settles()
    assert (downloads(town), town.writes()) == ([], [])
    assert [decision for decision, _ in bot.ledger("not_successful")] == ["refused"]


def test_case_29_another_head_commit_than_the_payload_s_refuses_what_was_built_from_the_payload_s(
    bot: Bot, town: Town
):
    run = town.finished(town.started(commit(town)), api="a")
    run.head_sha = commit(town)
    bot.settles()
    assert town.pulls("all") == []
    assert [decision for decision, _ in bot.ledger("sha_mismatch")] == ["refused"]


def replaced(town: Town, run: WorkflowRun, **components: str) -> None:
    """The run's artifact is deleted and uploaded anew, as `overwrite: true` does."""
    with town.github.world.lock:
        for old in run.artifacts:
            del run.repo.artifacts[old.id]
        run.artifacts.clear()
    status, conclusion = run.status, run.conclusion
    town.finished(run, **components)
    run.status, run.conclusion = status, conclusion


def test_case_30_an_artifact_of_a_run_in_progress_is_not_fetched_and_its_last_content_counts(
    bot: Bot, town: Town
):
    run = town.started(commit(town))
    replaced(town, run, api="e")
    bot.settles()
    assert downloads(town) == []
    replaced(town, run, api="a")
    run.status, run.conclusion = "completed", "success"
    bot.settles()
    assert digest("a") in town.values("dev")
    assert len(downloads(town)) == 1


@pytest.mark.parametrize("way", ["event", "replay"])
def test_case_30_an_artifact_that_changed_after_it_was_accepted_opens_nothing(bot: Bot, town: Town, way):
    run = town.started(commit(town))
    town.finished(run, api="a")
    (accepted,) = finished(town)
    bot.receives(accepted)
    bot.settles()
    replaced(town, run, api="e")
    if way == "replay":
        town.github.webhooks.take()
        bot.store.inbox.reopen(accepted.headers["X-GitHub-Delivery"])
    with town.expect_no_writes():
        bot.settles()
        bot.store.inbox.reopen(accepted.headers["X-GitHub-Delivery"])
        bot.settles().sweeps()
    assert digest("e") not in town.values("dev")
    ((decision, reason),) = bot.ledger("artifact_changed")
    assert decision == "refused"
    (row,) = [each.entry for each in bot.store.ledger.rows() if each.entry.event == "release_accepted"]
    assert row.details["artifact_sha256"] in reason


def test_case_30_a_delivery_that_is_worked_on_again_finds_the_same_artifact_and_is_quiet(
    bot: Bot, town: Town
):
    town.release(api="a")
    deliveries = town.github.webhooks.take()
    for delivery in deliveries:
        bot.receives(delivery)
    bot.settles()
    with town.expect_no_writes():
        for delivery in deliveries:
            bot.store.inbox.reopen(delivery.headers["X-GitHub-Delivery"])
        bot.settles()
    assert bot.ledger("artifact_changed") == []


def test_case_31_only_the_latest_attempt_s_artifact_is_used(bot: Bot, town: Town):
    run = town.finished(town.started(commit(town)), api="e")
    town.github.advance(60)
    town.github.rerun(run)
    town.finished(run, api="a")
    bot.settles()
    assert digest("a") in town.values("dev")
    assert len(run.artifacts) == 2


def test_case_31_a_later_attempt_without_an_artifact_does_not_fall_back_on_the_earlier_one(
    bot: Bot, town: Town
):
    run = town.finished(town.started(commit(town)), api="e")
    town.github.advance(60)
    town.github.rerun(run)
    town.github.finish_run(run, "success", {})
    bot.settles()
    assert (downloads(town), town.pulls("all")) == ([], [])
    assert [decision for decision, _ in bot.ledger("no_artifact")] == ["refused"]


def test_case_31_two_artifacts_in_one_attempt_are_refused_all(bot: Bot, town: Town):
    run = town.started(commit(town))
    town.finished(run, api="e")
    town.finished(run, api="a")
    bot.settles()
    assert (downloads(town), town.pulls("all")) == ([], [])
    assert [decision for decision, _ in bot.ledger("several_artifacts")] == ["refused"]


def test_case_36_components_of_two_runs_in_one_artifact_are_refused_whole(bot: Bot, town: Town):
    earlier, run = commit(town), town.started(commit(town))
    entries = {
        name: {"tag": "7.0.0", "sha": sha[:7], "digest": digest("a")}
        for name, sha in (("api", run.head_sha), ("web", earlier))
    }
    town.finished(run, artifact={"component-tags.json": json.dumps(entries).encode()})
    bot.settles()
    assert town.pulls("all") == []
    assert [decision for decision, _ in bot.ledger("sha_mismatch")] == ["refused"]


def test_a_person_whose_login_was_taken_over_has_not_the_new_one_s_permission(bot: Bot, town: Town):
    town.release(api="a")
    bot.settles()
    pull = town.pull("staging")
    town.github.comment(pull, by="ben", text="/promote staging")
    comment = town.github.webhooks.take()
    del town.github.world.accounts["ben"]
    town.github.user("ben")
    town.github.grant("ben", "splattop/config", "write")
    for delivery in comment:
        bot.receives(delivery)
    bot.settles()
    assert [decision for decision, _ in bot.ledger("command_promote")] == ["refused"]
