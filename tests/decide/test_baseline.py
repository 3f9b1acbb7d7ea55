"""What metrics are compared with: the last moment before the deploy that counts as good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.decide.deploying.baseline import compared_with, without_change
from bot.model.deployment import Deployment, DeploymentKind, DeploymentState, Move, Transition
from bot.model.image import ComponentTag
from bot.model.policy_after import ArgoCD, Sync
from bot.model.policy_gates import MetricQuery
from tests.builders import digest, policy

S, K = DeploymentState, DeploymentKind
DEV = policy().environments[0]
AFTER = ComponentTag(tag="1", sha="", digest=digest("a"))
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def landed(number: int, state: DeploymentState, component: str = "api", **more: Any) -> Deployment:
    """#1 was merged at noon, each later one an hour after the one before."""
    values: dict[str, Any] = {
        "installation_id": 1, "config_repository_id": 2, "environment": "dev", "source": "app",
        "pull_number": number, "components": {component: Move(before=None, after=AFTER)},
        "state": state, "since": at(number), "merged_at": at(number),
    }  # fmt: skip
    return Deployment(**{**values, **more})


def at(number: int) -> datetime:
    return NOON + timedelta(hours=number)


ROLLBACK = landed(3, S.VERIFYING, kind=K.ROLLBACK, reverts=2)


@pytest.mark.parametrize(
    ("chain", "moment"),
    [
        ([landed(1, S.VERIFYING)], 1),
        ([landed(2, S.VERIFYING), landed(1, S.LIVE)], 2),
        ([landed(2, S.VERIFYING), landed(1, S.FAILED)], 1),
        ([landed(3, S.VERIFYING), landed(2, S.SUPERSEDED), landed(1, S.LIVE)], 2),
        ([landed(3, S.VERIFYING), landed(2, S.FAILED, "web"), landed(1, S.LIVE)], 3),
        ([landed(3, S.VERIFYING), landed(2, S.FAILED), landed(1, S.LIVE)], 2),
        ([ROLLBACK, landed(2, S.ROLLING_BACK), landed(1, S.LIVE)], 2),
        ([ROLLBACK, landed(2, S.ROLLING_BACK), landed(1, S.FAILED)], 1),
        ([landed(4, S.VERIFYING), landed(3, S.LIVE, kind=K.ROLLBACK), landed(2, S.ROLLED_BACK), landed(1, S.LIVE)], 4),
        ([ROLLBACK], None),
    ],
)  # fmt: skip
def test_it_goes_back_over_what_stood_only_because_something_was_wrong(
    chain: list[Deployment], moment: int | None
):
    found = compared_with(chain[0], DEV, chain)
    assert found == (at(moment) if moment is not None else None)


@pytest.mark.parametrize(("sync", "minutes"), [(Sync.CONFIRM, 30), (Sync.AUTO, 0), (Sync.OFF, 0)])
def test_where_a_person_begins_the_sync_nothing_has_changed_before(sync: Sync, minutes: int):
    begun = Transition(state=S.SYNCING, at=at(1) + timedelta(minutes=30), why="")
    there = landed(1, S.VERIFYING, transitions=(begun,))
    environment = replace(DEV, argocd=(ArgoCD(application="dev", sync=sync),))
    assert compared_with(there, environment, [there]) == at(1) + timedelta(minutes=minutes)


def test_without_anything_to_compare_with_the_bounds_are_left():
    queries = (
        MetricQuery(name="errors", query="up", max=1.0, max_change_percent=5.0),
        MetricQuery(name="drift", query="up", max_change_percent=5.0),
    )
    assert [(each.name, each.max_change_percent) for each in without_change(queries)] == [("errors", None)]
