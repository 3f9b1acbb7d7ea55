"""From `/rollback` to the open pull request, and from the revert's merge to healthy: what Lockstep takes of each."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from bench.rollback.rollouts import HEALTHY, SPREAD, Rollouts, application
from bench.rollback.town import (
    ASKS,
    Scene,
    approve,
    newest,
    owner,
    releases,
    rests,
    rollbacks,
    say,
    scene,
    share,
    until,
)
from bench.table import Row
from bot.decide.deploying.decision import POLL
from bot.model.rollback import RollbackState
from bot.sandbox.argocd import ArgoCD
from bot.sandbox.door import HttpRequest, HttpResponse
from tests.stories.cast import RULES, Town
from tests.stories.deploying import Service

TOKEN = "a token of the bench's Argo CD notifications"
PACE = 1.5
"""Seconds between two approvals: the reverts of all accounts are merged one after the other."""
GOAL = 5.0
_AFTER = """\
    argocd: {{application: {application}, sync: auto, timeout: 10m}}
    verify:
      health: [{{name: api, url: "{url}/health", interval: 1s}}]
      timeout: 1m
"""


def commanded_and_healed(accounts: int) -> list[Row]:
    """A round for each account; Argo CD tells of the changes of every second one."""
    with ExitStack() as stack:
        service = stack.enter_context(Service.start())
        argocd = stack.enter_context(ArgoCD.start(lambda: datetime.now(UTC)))
        rules = [
            RULES + _AFTER.format(application=application(owner(n)), url=service.url) for n in range(accounts)
        ]
        settings = {
            "ARGOCD_SERVER": argocd.url,
            "ARGOCD_AUTH_TOKEN": argocd.token,
            "ARGOCD_WEBHOOK_TOKEN": TOKEN,
            "VERIFY_PRIVATE_URLS": service.url,
        }
        there = stack.enter_context(scene(rules, settings))
        telling = {application(each.owner) for each in there.towns[::2]}

        def tells(name: str) -> None:
            if name in telling:
                there.office.tell("/api/argocd", {"application": name}, TOKEN)

        cluster = Rollouts(argocd, tells)
        for town in there.towns:
            cluster.watch(town)
        releases(there, lambda town: town.release(api="a", web="c"))
        releases(there, lambda town: town.release(api="b"))
        cluster.slow = True
        commanded = _commanded(there)
        return [*commanded, *_healed(there, cluster)]


def _commanded(there: Scene) -> list[Row]:
    """One account after the other, with nothing else to do."""
    seconds: list[float] = []
    until_open: list[int] = []
    in_all: list[int] = []
    for town in there.towns:
        before = there.asked(town)
        began = time.monotonic()
        town.github.comment(newest(town), ASKS, "/rollback reason: measured")
        until(partial(rollbacks, town), f"a rollback of {town.owner} is open")
        seconds.append(time.monotonic() - began)
        until_open.append(there.asked(town) - before)
        rests(there)
        in_all.append(there.asked(town) - before)
    say(f"{len(seconds)} rollbacks are open")
    note = f"{len(seconds)} rounds; one command at a time, from the comment on GitHub, webhook included"
    return [
        Row(
            what="rollback: from `/rollback` to the open pull request",
            measured=f"p50 {share(seconds, 0.5):.2f} s, p95 {share(seconds, 0.95):.2f} s",
            value=share(seconds, 0.95),
            note=note,
        ),
        Row(
            what="… requests to GitHub until it is open",
            measured=f"p50 {share(until_open, 0.5):.0f}, p95 {share(until_open, 0.95):.0f}",
            value=share(until_open, 0.95),
        ),
        Row(
            what="… with labels, the answer, and its own look (check runs, body)",
            measured=f"p50 {share(in_all, 0.5):.0f}, p95 {share(in_all, 0.95):.0f}",
            value=share(in_all, 0.95),
        ),
    ]


class _Merges:
    """When each account's rollback was merged, by the clock."""

    def __init__(self, there: Scene) -> None:
        self._towns = there.towns
        self.at: dict[str, datetime] = {}
        there.github.on_exchange(self._exchanged)

    def _exchanged(self, request: HttpRequest, _response: HttpResponse) -> None:
        if b"merge" not in request.body and "/merge" not in request.path:
            return
        now = datetime.now(UTC)
        for town in self._towns:
            if town.owner not in self.at and rollbacks(town, "merged"):
                self.at[town.owner] = now


def _healed(there: Scene, cluster: Rollouts) -> list[Row]:
    """All accounts at once, `PACE` apart."""
    merges = _Merges(there)
    for town in there.towns:
        approve(town, "/rollback+")
        time.sleep(PACE)
    ended: Mapping[str, datetime | None] = {}

    def healthy() -> bool:
        nonlocal ended
        ended = {town.owner: _healthy_at(there, town) for town in there.towns}
        return all(ended.values())

    until(healthy, "every environment is healthy again", pause=0.5)
    added = {
        town.owner: (at - merges.at[town.owner]).total_seconds() - cluster.took[application(town.owner)]
        for town in there.towns
        if (at := ended[town.owner]) is not None
    }
    told = [added[each.owner] for each in there.towns[::2]]
    polled = [added[each.owner] for each in there.towns[1::2]]
    return [
        _added("with Argo CD's notifications", told, GOAL),
        _added("without them", polled, POLL.total_seconds()),
    ]


def _added(how: str, seconds: Sequence[float], goal: float) -> Row:
    return Row(
        what=f"rollback: from the merge to healthy, above the rollout itself, {how}",
        measured=f"p50 {share(seconds, 0.5):.2f} s, p95 {share(seconds, 0.95):.2f} s",
        goal=f"< {goal:.0f} s at p95",
        met=share(seconds, 0.95) < goal,
        value=share(seconds, 0.95),
        note=f"{len(seconds)} rollouts of {HEALTHY:g} s, give or take {SPREAD:g}, in real time; at the most "
        f"{max(seconds):.2f} s, with one health check",
    )


def _healthy_at(there: Scene, town: Town) -> datetime | None:
    """When Lockstep had it on record."""
    records = there.store.rollbacks.of(town.github.repo(town.config).id, "staging")
    return next((each.healthy_at for each in records if each.state is RollbackState.HEALTHY), None)
