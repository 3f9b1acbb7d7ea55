"""A thousand alerts in ten seconds: each answered in time, and one rollback for each component and environment."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import requests

from bench.rollback.town import SEED, Scene, releases, rests, rollbacks, scene, share
from bench.table import Row
from tests.stories.cast import ALERTS_TOKEN, RULES

SECONDS, ANSWERED = 10.0, 10.0
SENDERS = 16
PLACES = [(environment, component) for environment in ("dev", "staging") for component in ("api", "web")]
COPIES = 4
"""How often each alert is posted: by both of a pair of Alertmanagers, and by each once more."""
_AUTOMATIC = """\
    rollback: {automatic: true, triggers: [critical_alert], alerts: [CheckoutFails]}
"""
"""Cooldown and breaker are the shipped ones."""


def storm(count: int) -> list[Row]:
    """Alerts about two components in two environments at once."""
    rules = RULES.replace("    merge: auto\n", f"    merge: auto\n{_AUTOMATIC}", 1) + _AUTOMATIC
    with scene([rules], {"ALERTMANAGER_TOKEN": ALERTS_TOKEN}) as there:
        (town,) = there.towns
        releases(there, lambda town: town.release(api="a", web="c"))
        releases(there, lambda town: town.release(api="b", web="d"))
        before = there.asked(town)
        began = time.monotonic()
        answers = _posted(there, _bodies(count))
        rests(there)
        took = time.monotonic() - began
        asked = there.asked(town) - before
        opened = Counter(_places(there))
    seconds = [each for _, each in answers]
    stored = sum(status == 202 for status, _ in answers)
    wrong = {place: opened[place] for place in {*PLACES, *opened} if opened[place] != 1}
    return [
        Row(
            what=f"{count} alerts in {SECONDS:g} s: seconds to an answer",
            measured=f"p50 {share(seconds, 0.5):.3f} s, p99 {share(seconds, 0.99):.3f} s, max {max(seconds):.3f} s",
            goal=f"< {ANSWERED:g} s each, all stored",
            met=max(seconds) < ANSWERED and stored == count,
            value=max(seconds),
            note=f"{stored} stored; all worked off {took:.0f} s after the first, with {asked} requests to GitHub",
        ),
        Row(
            what="… rollbacks opened, of two components in two environments",
            measured=f"{opened.total()}",
            goal="one each",
            met=not wrong,
            value=opened.total(),
            note=f"not one: {wrong}" if wrong else "",
        ),
    ]


def _places(there: Scene) -> list[tuple[str, str]]:
    """Environment and component of each rollback's pull request."""
    (town,) = there.towns
    config = town.github.repo(town.config).id
    records = [there.store.rollbacks.by_pull(config, each.number) for each in rollbacks(town, "all")]
    return [(each.ask.environment, name) for each in records if each for name in each.after]


def _bodies(count: int) -> list[bytes]:
    """Each alert four times, told by one or the other Alertmanager, in an order that chance chose."""
    began = datetime.now(UTC)
    made = [_body(number, began) for number in range(count)]
    random.Random(SEED).shuffle(made)
    return made


def _body(number: int, began: datetime) -> bytes:
    alert = number // COPIES
    environment, component = PLACES[alert % len(PLACES)]
    labels = {
        "alertname": "CheckoutFails",
        "severity": "critical",
        "environment": environment,
        "component": component,
        "instance": str(alert),
    }
    told: dict[str, Any] = {
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "lockstep",
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": f"https://alertmanager-{number % 2}.example.com",
        "alerts": [
            {
                "status": "firing", "labels": labels,
                "annotations": {"lockstep": "rollback", "summary": "checkouts fail"},
                "startsAt": began.isoformat(), "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": "https://prometheus.example.com/graph", "fingerprint": f"{alert:016x}",
            }
        ],
    }  # fmt: skip
    return json.dumps(told).encode()


def _posted(there: Scene, bodies: list[bytes]) -> list[tuple[int, float]]:
    """Each at its moment, however long the ones before take; status and seconds of every answer."""
    url = f"http://127.0.0.1:{there.house.settings.port}/alerts"
    headers = {"Authorization": f"Bearer {ALERTS_TOKEN}", "Content-Type": "application/json"}
    answers: list[tuple[int, float]] = []
    began = time.monotonic()

    def post(first: int) -> None:
        with requests.Session() as session:
            session.trust_env = False
            for number in range(first, len(bodies), SENDERS):
                due = began + SECONDS * number / len(bodies)
                time.sleep(max(due - time.monotonic(), 0))
                answer = session.post(url, data=bodies[number], headers=headers, timeout=60)
                # A sender that is late counts as waiting: from the moment when it was to be posted.
                answers.append((answer.status_code, time.monotonic() - due))

    senders = [threading.Thread(target=post, args=(first,)) for first in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return answers
