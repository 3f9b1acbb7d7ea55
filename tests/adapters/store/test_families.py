"""Releases, promotions, requests, repositories, subjects, budget, marks and health."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.store import Store
from bot.errors import Retryable
from bot.model.facts import Repository
from bot.model.image import ComponentTag
from bot.model.release import Promotion, PromotionState, Release, Request
from tests.adapters.store.owner import owner_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_tag(letter: str) -> ComponentTag:
    return ComponentTag(tag=f"1.{letter}", sha=letter * 40, digest=f"sha256:{letter * 64}")


def a_release(run: int, attempt: int = 1, letter: str = "a") -> Release:
    return Release(
        id=f"app@{run}.{attempt}", installation_id=1, source="app", source_repository_id=5, repository="octo/app",
        run_id=run, run_attempt=attempt, run_number=run, run_url="https://github.com/r", head_sha=letter * 40,
        branch="main", event="push", artifact_sha256="0" * 64, components={"web": a_tag(letter), "api": a_tag("f")},
        accepted_at=NOW,
    )  # fmt: skip


def a_promotion(number: int, environment: str = "dev") -> Promotion:
    return Promotion(
        installation_id=1, config_repository_id=9, environment=environment, source="app", pull_number=number,
        branch=f"lockstep/{environment}/app", head_sha="a" * 40, components={"api": a_tag("a")},
        release_ids=("app@1.1",), requested_by_id=7, requested_by_login="ana", state=PromotionState.OPEN,
        opened_at=NOW,
    )  # fmt: skip


def test_a_release_is_accepted_once_and_read_back_as_it_was(store: Store) -> None:
    assert [store.releases.accept(a_release(1)), store.releases.accept(a_release(1))] == [True, False]
    assert store.releases.recent(5, "app") == (a_release(1),)
    assert store.releases.find("app@1.1") == a_release(1)


def test_recent_releases_come_newest_first_by_run_and_attempt(store: Store) -> None:
    for run, attempt in ((2, 1), (10, 1), (2, 2)):
        store.releases.accept(a_release(run, attempt))
    assert [each.id for each in store.releases.recent(5, "app")] == ["app@10.1", "app@2.2", "app@2.1"]


def test_a_digest_leads_to_the_newest_release_that_brought_it(store: Store) -> None:
    for run, letter in ((1, "a"), (2, "b"), (3, "b")):
        store.releases.accept(a_release(run, letter=letter))
    wanted = [a_tag("a").digest, a_tag("b").digest, a_tag("c").digest]
    found = {digest: release.id for digest, release in store.releases.by_digest(5, wanted).items()}
    assert found == {a_tag("a").digest: "app@1.1", a_tag("b").digest: "app@3.1"}


def test_accepted_and_refused_runs_count_as_judged(store: Store) -> None:
    store.releases.accept(a_release(1))
    assert [store.releases.refuse(5, 2, 1, "stale_run", NOW), store.releases.refuse(5, 2, 1, "x", NOW)] == [
        True,
        False,
    ]
    assert [store.releases.was_judged(5, run, 1) for run in (1, 2, 3)] == [True, True, False]


def test_case_54_a_promotion_is_renewed_but_keeps_who_asked_for_it(store: Store) -> None:
    store.promotions.opened(a_promotion(1))
    renewed = replace(
        a_promotion(1), head_sha="b" * 40, requested_by_id=8, release_ids=("app@2.1", "lib@1.1")
    )
    store.promotions.opened(renewed)
    assert store.promotions.by_pull(9, 1) == replace(renewed, requested_by_id=7)


def test_open_promotions_are_listed_until_they_are_settled(store: Store) -> None:
    for number in (1, 2):
        store.promotions.opened(a_promotion(number))
    settle = [store.promotions.settled(9, 1, PromotionState.MERGED, NOW) for _ in range(2)]
    assert settle == [True, False]
    assert [each.pull_number for each in store.promotions.open_of(9)] == [2]
    assert [each.pull_number for each in store.promotions.all_open()] == [2]
    assert [each.pull_number for each in store.promotions.of(9, "dev", "app")] == [2, 1]
    assert store.promotions.by_pull(9, 3) is None


def test_what_brought_a_component_last_is_the_newest_merge_not_the_newest_pull_request(store: Store) -> None:
    for number in (1, 2, 3):
        store.promotions.opened(a_promotion(number))
    store.promotions.settled(9, 2, PromotionState.MERGED, NOW)
    store.promotions.settled(9, 1, PromotionState.MERGED, NOW + timedelta(minutes=1))
    store.promotions.settled(9, 3, PromotionState.CLOSED, NOW + timedelta(minutes=2))
    component = next(iter(a_promotion(1).components))
    assert [each.pull_number for each in store.promotions.arrived(9, "dev", component)] == [1, 2]
    assert store.promotions.arrived(9, "dev", "nothing") == ()
    assert store.promotions.arrived(9, "staging", component) == ()


def test_a_comment_is_consumed_once_per_environment_and_waits_until_it_is_answered(store: Store) -> None:
    request = Request(
        comment_id=77, installation_id=1, config_repository_id=9, pull_number=1, environment="staging",
        components=("api",), actor_id=7, actor_login="ana", asked_at=NOW,
    )  # fmt: skip
    assert [store.requests.ask(request), store.requests.ask(request)] == [True, False]
    assert store.requests.open_for(9, "staging") == (request,)
    store.requests.answered(77, "staging", "opened #5", NOW)
    assert store.requests.open_for(9, "staging") == ()
    assert store.requests.ask(request) is False
    assert store.requests.ask(replace(request, environment="production")) is True


def a_repository(number: int, name: str) -> Repository:
    return Repository(
        id=number,
        node_id=f"R_{number}",
        full_name=name,
        default_branch="main",
        url=f"https://github.com/{name}",
    )


def test_an_installations_repositories_are_replaced_as_a_whole(store: Store) -> None:
    app, config = a_repository(5, "Octo/App"), a_repository(9, "octo/config")
    assert not store.repositories.is_known(1)
    store.repositories.put(1, [app, config], {9}, NOW)
    assert store.repositories.config_of(1) == (config,)
    assert store.repositories.named(1, "octo/APP") == app
    store.repositories.put(1, [a_repository(5, "octo/renamed")], set(), NOW)
    assert store.repositories.find(9) is None
    assert store.repositories.named(1, "octo/app") is None
    assert store.repositories.config_of(1) == ()
    assert store.repositories.is_known(1)


def test_a_repository_that_moved_to_another_installation_stays_there(store: Store) -> None:
    store.repositories.put(1, [a_repository(5, "octo/app")], set(), NOW)
    store.repositories.put(2, [a_repository(5, "new/app")], set(), NOW)
    store.repositories.put(1, [], set(), NOW)
    assert store.repositories.named(2, "new/app") is not None


def test_failures_are_counted_until_a_look_succeeds(store: Store) -> None:
    assert [store.subjects.failed("s", "boom\n", NOW) for _ in range(2)] == [1, 2]
    assert store.subjects.attempts("s") == 2
    store.subjects.succeeded("s")
    assert store.subjects.attempts("s") == 0


def test_parked_subjects_are_listed_with_their_reason(store: Store) -> None:
    store.subjects.failed("s", "boom", NOW)
    store.subjects.park("s", "gave up", NOW)
    (parked,) = store.subjects.parked()
    assert (parked.subject, parked.last_error, parked.parked_at) == ("s", "gave up", NOW)


def test_a_parked_subject_starts_from_no_failures_again(store: Store) -> None:
    store.subjects.failed("s", "boom", NOW)
    store.subjects.park("s", "gave up", NOW)
    assert store.subjects.attempts("s") == 0


def test_case_19_a_block_is_never_shortened_and_an_empty_budget_is_one(store: Store) -> None:
    assert store.budget.blocked_until(1) is None
    store.budget.block(1, NOW + timedelta(hours=1))
    store.budget.block(1, NOW)
    assert store.budget.blocked_until(1) == NOW + timedelta(hours=1)
    store.budget.note(1, "core", 0, 5000, NOW + timedelta(hours=2))
    assert store.budget.blocked_until(1) == NOW + timedelta(hours=2)
    assert store.budget.blocked_until(2) is None


def test_case_19_strikes_rise_until_an_answer_comes_through(store: Store) -> None:
    assert [store.budget.strike(1), store.budget.strike(1)] == [1, 2]
    store.budget.calm(1)
    assert store.budget.strike(1) == 1


def test_requests_are_counted_by_installation_and_purpose(store: Store) -> None:
    for installation, purpose, number in ((1, "sweep", 2), (1, "sweep", 3), (2, "look", 1)):
        store.budget.count(installation, purpose, number)
    counted = {(each.installation_id, each.purpose): each.count for each in store.budget.usage()}
    assert counted == {(1, "sweep"): 5, (2, "look"): 1}


def test_what_is_left_of_a_resource_is_kept(store: Store) -> None:
    store.budget.note(1, "graphql", 4990, 5000, NOW)
    (left,) = store.budget.left()
    assert (left.resource, left.remaining, left.limit, left.reset_at) == ("graphql", 4990, 5000, NOW)


def test_a_mark_is_kept_and_replaced(store: Store) -> None:
    assert store.marks.get("cursor") is None
    store.marks.put("cursor", {"at": 1})
    store.marks.put("cursor", [2])
    assert store.marks.get("cursor") == [2]


def test_health_names_a_schema_that_is_not_this_programs(store: Store) -> None:
    store.health.check()
    with owner_of(store) as connection:
        connection.execute("update lockstep_schema set version_num = '0000'")
    try:
        with pytest.raises(Retryable, match="schema is 0000"):
            store.health.check()
    finally:
        from bot.adapters.store.migrate import HEAD

        with owner_of(store) as connection:
            connection.execute("update lockstep_schema set version_num = %s", (HEAD,))


def test_numbers_count_what_waits(store: Store) -> None:
    store.queue.wake("s")
    store.promotions.opened(a_promotion(1))
    numbers = store.numbers()
    assert (numbers["jobs_waiting"], numbers["promotions_open"], numbers["deliveries_pending"]) == (1, 1, 0)
