"""A real Alertmanager, and a way to send it alerts as Prometheus does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests

from bot.adapters.alertmanager import Alertmanager
from bot.adapters.outbound import Outbound
from tests.servers.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """A running Alertmanager."""

    server: Running

    @property
    def client(self) -> Alertmanager:
        """The reader; it takes the word of an Alertmanager that has just started."""
        return Alertmanager(self.server.url, Outbound([self.server.url]), settle=timedelta(0))

    def fires(self, **labels: str) -> None:
        """Sends an alert that fires."""
        row = {"labels": labels, "generatorURL": "http://prometheus.example/graph"}
        requests.post(f"{self.server.url}/api/v2/alerts", json=[row], timeout=5).raise_for_status()

    def silence(self, name: str, value: str) -> None:
        """Silences every alert with that label."""
        now = datetime.now(UTC)
        body = {
            "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "test",
            "comment": "test",
        }
        requests.post(f"{self.server.url}/api/v2/silences", json=body, timeout=5).raise_for_status()
