"""Deployments on record: what is kept, which changes are taken, and which one wins when two come at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.store import Store
from bot.model.deployment import (
    ALLOWED,
    Deployment,
    DeploymentKind,
    DeploymentState,
    Move,
    Progress,
    Transition,
)
from bot.model.image import ComponentTag

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
S = DeploymentState


def a_deployment(number: int = 1, environment: str = "dev", letter: str = "a") -> Deployment:
    after = ComponentTag(tag=f"1.{letter}", sha=letter * 40, digest=f"sha256:{letter * 64}")
    return Deployment(
        installation_id=1, config_repository_id=9, environment=environment, source="app", pull_number=number,
        components={"api": Move(before="sha256:" + "0" * 64, before_tag="1.0", after=after)},
        release_ids=("app@1.1",), state=S.OPENED, since=NOW,
        transitions=(Transition(state=S.OPENED, at=NOW, why=""),),
    )  # fmt: skip


def stored(store: Store, number: int = 1) -> Deployment:
    found = store.deployments.by_pull(9, number)
    assert found is not None
    return found


def test_a_deployment_is_read_back_as_it_was(store: Store) -> None:
    store.deployments.opened(a_deployment())
    assert stored(store) == a_deployment()
    assert store.deployments.by_pull(9, 2) is None


def test_what_it_brings_is_renewed_until_the_merge_and_not_after_it(store: Store) -> None:
    store.deployments.opened(a_deployment())
    store.deployments.opened(replace(a_deployment(letter="b"), kind=DeploymentKind.HOTFIX))
    renewed = stored(store)
    assert (renewed.kind, renewed.components["api"].after.tag) == (DeploymentKind.HOTFIX, "1.b")
    store.deployments.move(renewed, S.MERGED, NOW, "merged", merge_sha="c" * 40, merged_at=NOW)
    store.deployments.opened(a_deployment(letter="d"))
    assert stored(store).components["api"].after.tag == "1.b"


def test_a_change_of_state_is_kept_as_a_transition(store: Store) -> None:
    store.deployments.opened(a_deployment())
    later = NOW + timedelta(minutes=1)
    assert store.deployments.move(stored(store), S.MERGED, later, "by ana", merge_sha="c" * 40, merged_at=NOW)
    found = stored(store)
    assert (found.state, found.since, found.merge_sha, found.merged_at) == (S.MERGED, later, "c" * 40, NOW)
    assert found.transitions[-1] == Transition(state=S.MERGED, at=later, why="by ana")
    assert [each.state for each in found.transitions] == [S.OPENED, S.MERGED]


def test_of_two_changes_from_one_state_the_first_wins(store: Store) -> None:
    store.deployments.opened(a_deployment())
    seen = stored(store)
    moved = [store.deployments.move(seen, to, NOW, "") for to in (S.APPROVED, S.CLOSED)]
    assert moved == [True, False]
    assert stored(store).state is S.APPROVED


def test_a_change_that_is_not_allowed_is_refused(store: Store) -> None:
    store.deployments.opened(a_deployment())
    with pytest.raises(ValueError, match="opened does not become live"):
        store.deployments.move(stored(store), S.LIVE, NOW, "")


def test_live_keeps_its_moment_and_counts_as_good_until_it_is_taken_back(store: Store) -> None:
    store.deployments.opened(a_deployment())
    for to in (S.MERGED, S.SYNCING, S.VERIFYING, S.LIVE):
        store.deployments.move(stored(store), to, NOW, "")
    assert (stored(store).live_at, stored(store).was_good) == (NOW, True)
    store.deployments.move(stored(store), S.ROLLING_BACK, NOW, "")
    assert stored(store).was_good is False


def test_progress_is_kept_by_key_beside_what_github_was_told(store: Store) -> None:
    store.deployments.opened(a_deployment())
    one = Progress(key="health:api", at=NOW, count=1, says="200")
    two = Progress(key="smoke:e2e", at=NOW, since=NOW, run_id=7, done=True, by="ana")
    store.deployments.note(stored(store), progress=[one, two], findings=["waits"])
    store.deployments.note(
        stored(store), progress=[replace(one, count=2)], github_id=5, github_state="pending"
    )
    found = stored(store)
    assert found.progress == {"health:api": replace(one, count=2), "smoke:e2e": two}
    assert (found.github_id, found.github_state, found.findings) == (5, "pending", ("waits",))
    store.deployments.begin_afresh(found)
    assert (stored(store).progress, stored(store).findings, stored(store).github_id) == ({}, (), 5)


def test_those_of_an_environment_come_newest_merge_first_after_those_that_wait(store: Store) -> None:
    for number, minutes in ((1, 5), (2, 1), (3, None)):
        store.deployments.opened(a_deployment(number))
        if minutes is not None:
            at = NOW + timedelta(minutes=minutes)
            store.deployments.move(stored(store, number), S.MERGED, at, "", merge_sha="c" * 40, merged_at=at)
    store.deployments.opened(a_deployment(4, "staging"))
    assert [each.pull_number for each in store.deployments.of(9, "dev")] == [3, 1, 2]
    assert [each.pull_number for each in store.deployments.underway(9)] == [2, 1]


@pytest.mark.parametrize("state", list(S), ids=lambda each: each.value)
def test_every_state_says_what_may_follow(state: DeploymentState) -> None:
    assert state in ALLOWED
    assert state not in ALLOWED[state]
