"""A store in memory, held to `bot.web.ports.Store`, and the hands that sign and post deliveries."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from bot.model.delivery import Delivery, Received
from bot.model.ledger import LedgerEntry, LedgerRow
from bot.settings import Settings
from bot.web.ports import Store

SECRET = "canary-webhook-secret"
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
GUID = "72d3162e-cc78-11e3-81ab-4c9367dc0958"


@functools.cache
def pem() -> str:
    """A private key of this test run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def make_settings(**more: Any) -> Settings:
    """Settings that would start."""
    return Settings(**{"app_id": 4711, "private_key": pem(), "webhook_secret": SECRET, **more})


@dataclass
class FakeStore:
    """Keeps what it is given; raises `fails` instead when set."""

    rows: dict[str, tuple[Delivery, bytes]] = field(default_factory=dict)
    completed: set[str] = field(default_factory=set)
    entries: list[LedgerEntry] = field(default_factory=list)
    fails: Exception | None = None

    @property
    def inbox(self) -> FakeStore:
        return self

    @property
    def ledger(self) -> FakeStore:
        return self

    @property
    def health(self) -> FakeStore:
        return self

    def receive(self, delivery: Delivery, payload: bytes, at: datetime) -> Received:
        self.check()
        if delivery.id in self.completed:
            return Received.COMPLETED_BEFORE
        seen = delivery.id in self.rows
        self.rows[delivery.id] = (delivery, payload)
        return Received.STORED_AGAIN if seen else Received.STORED

    def write(self, entry: LedgerEntry) -> int:
        self.check()
        self.entries.append(entry)
        return len(self.entries)

    def following(
        self, after: int, events: Collection[str], refused: Collection[str], limit: int = 5_000
    ) -> tuple[LedgerRow, ...]:
        self.check()
        found = enumerate(self.entries, start=1)
        return tuple(
            LedgerRow(seq=seq, entry=entry, previous_hash=b"", hash=b"")
            for seq, entry in found
            if seq > after and entry.event in events
        )[:limit]

    def check(self) -> None:
        if self.fails is not None:
            raise self.fails

    def numbers(self) -> Mapping[str, float]:
        self.check()
        return {"jobs_waiting": len(self.rows)}


held_to_the_protocol: Store = FakeStore()


@dataclass
class StatusStore:
    """What the status page reads: marks of environments, and nothing held, vetoed, owed or rolled back."""

    environments: dict[str, Any] = field(default_factory=dict)

    @property
    def marks(self) -> StatusStore:
        return self

    holds = vetoes = debts = rollbacks = marks

    def under(self, prefix: str) -> Mapping[str, Any]:
        return self.environments

    def everywhere(self) -> tuple[Any, ...]:
        return ()

    def automatic_since(self, since: datetime) -> tuple[Any, ...]:
        return ()

    def numbers(self) -> Mapping[str, float]:
        return {"jobs_waiting": 0.0}


def run_completed(**more: Any) -> dict[str, Any]:
    """The ids of a `workflow_run` payload."""
    return {
        "action": "completed",
        "installation": {"id": 3},
        "repository": {"id": 7, "owner": {"login": "splattop"}, "default_branch": "main"},
        "sender": {"id": 1, "login": "ana"},
        **more,
    }


def signature(body: bytes, secret: str = SECRET) -> str:
    """What GitHub puts into X-Hub-Signature-256."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def headers(body: bytes, **changed: str | None) -> dict[str, str]:
    """GitHub's headers for this body; a keyword (`_` for `-`) replaces one, None leaves it out."""
    usual: dict[str, str | None] = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "workflow_run",
        "X-GitHub-Delivery": GUID,
        "X-Hub-Signature-256": signature(body),
    }
    usual |= {name.replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in usual.items() if value is not None}


def post(client: FlaskClient, payload: Any, **changed: str | None) -> TestResponse:
    """Posts a signed delivery; bytes go as they are."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return client.post("/webhook", data=body, headers=headers(body, **changed))


def sample(text: str, name: str, **labels: str) -> float:
    """A metric's value in Prometheus' text; 0 when it is not there."""
    from prometheus_client.parser import text_string_to_metric_families

    return sum(
        each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
        if each.name == name and labels.items() <= each.labels.items()
    )
