"""When a gate's answer changes: at a known moment, or with a check on a source commit."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.decide.gates import Gated
from bot.model.ports_store import wake
from bot.model.subject import Subject, pull
from bot.run.gates.question import release_of
from bot.run.house import House


def wake_in_time(house: House, subject: Subject, measured: Mapping[str, Gated]) -> None:
    """Looks at the subject again at the first moment at which time alone may change an answer."""
    times = [
        each.changes_at for each in measured.values() if each.changes_at and each.changes_at > house.clock()
    ]
    if times:
        wake(house.store, subject, min(times))


def wake_for_checks(house: House, subject: Subject, heads: Collection[str]) -> int:
    """Wakes the open promotions of releases built from one of these commits of the app repository; how many."""
    woken = 0
    for config in house.store.repositories.config_of(subject.installation_id):
        for promotion in house.store.promotions.open_of(config.id):
            found = (release_of(house, subject.repository, each) for each in promotion.release_ids)
            if any(release is not None and release.head_sha in heads for release in found):
                wake(house.store, pull(subject.installation_id, config.id, promotion.pull_number))
                woken += 1
    return woken
