"""The chaos run's post: an office that loses things on request.

A webhook is tried once, as GitHub does; one that does not arrive stands in GitHub's log as failed, where Lockstep's
sweep finds it, or is gone altogether. Argo CD does not try again either. Alertmanager does, and there are two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from bench.chaos.diary import Diary
from bench.office import Office
from bot.sandbox.webhooks import Delivery
from tests.stories.cast import ALERTS_TOKEN, Town

GONE = 0.5
"""The share of lost webhooks of which GitHub itself knows nothing."""
ARGOCD_TOKEN = "a token of the chaos run's Argo CD notifications"


@dataclass(kw_only=True)
class Losses:
    """The share of each kind that gets lost now."""

    webhooks: float = 0.0
    notifications: float = 0.0


class Post(Office):
    """Delivers until it is closed, what it does not lose."""

    def __init__(self, town: Town, url: str, seed: int, diary: Diary) -> None:
        self._diary = diary
        self.losses = Losses()
        super().__init__(town, url, seed)

    def notify(self, application: str) -> None:
        """Argo CD says that an application has changed."""
        if self._happens(self.losses.notifications):
            self._diary.note("notification lost", application)
        else:
            self.tell("/api/argocd", {"application": application}, ARGOCD_TOKEN)

    def alert(self, body: dict[str, Any]) -> None:
        """Both of a pair of Alertmanagers tell; each tries until it is answered."""
        for _ in range(2):
            self.tell("/alerts", body, ALERTS_TOKEN, until_taken=True)

    def _take_in(self, delivery: Delivery) -> None:
        if not self._happens(self.losses.webhooks):
            super()._take_in(delivery)
            return
        gone = self._happens(GONE)
        if not gone:
            self._town.github.webhooks.failed(delivery)
        self._diary.note(
            "webhook gone" if gone else "webhook failed", f"{delivery.event} {delivery.action or ''}"
        )

    def _deliver(self, session: requests.Session, delivery: Delivery) -> None:
        status = self._sent(session, delivery)
        if status != 202 and delivery.guid not in self.accepted:
            self._town.github.webhooks.failed(delivery, status or 502)
