"""Alertmanager's webhook, version 4, read strictly; and what of it may ask for a rollback (rows P8, G4).

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.decide.text import plain
from bot.model.policy_after import Trigger

VERSION = "4"
MOST = 10_000
"""Alerts in one payload; Alertmanager's own `max_alerts` is far below."""
TRIGGER_LABEL = "lockstep_trigger"
"""A label (or annotation) that says what an alert stands for, in `rollback.triggers`' words."""
_BY_ALERT = (Trigger.ERROR_BUDGET_BREACH, Trigger.SLO_VIOLATION, Trigger.CRITICAL_ALERT)


class Garbage(ValueError):
    """The payload is not Alertmanager's; the text names what is wrong and repeats nothing of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert of a group. `fingerprint` with `started` is its identity, the same from both of an HA pair."""

    fingerprint: str
    name: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    started: datetime
    firing: bool

    @property
    def key(self) -> str:
        """The wish that it makes."""
        return f"alert:{self.fingerprint}:{self.started.isoformat()}"

    @property
    def opted_in(self) -> bool:
        """Whether the alert itself says that it may roll back; the rules must say so too."""
        return self.annotations.get("lockstep") == "rollback" or self.annotations.get("autoheal") == "true"

    @property
    def trigger(self) -> str:
        """What it stands for: what it says itself, else `critical_alert` for a critical one; else nothing."""
        said = self.labels.get(TRIGGER_LABEL) or self.annotations.get(TRIGGER_LABEL)
        if said is not None:
            return said if said in {each.value for each in _BY_ALERT} else ""
        return Trigger.CRITICAL_ALERT.value if self.labels.get("severity") == "critical" else ""

    @property
    def says(self) -> str:
        """Name and summary, on one line."""
        summary = self.annotations.get("summary") or self.annotations.get("description") or ""
        return plain(f"{self.name}: {summary}" if summary else self.name, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One notification. `truncated`: how many alerts Alertmanager left out."""

    alerts: tuple[Alert, ...]
    truncated: int


def read_alerts(payload: Mapping[str, Any]) -> Group:
    """The notification. Raises Garbage when any part is not as Alertmanager writes it (attack case 88)."""
    if payload.get("version") != VERSION:
        raise Garbage("version must be 4, Alertmanager's webhook")
    alerts = payload.get("alerts")
    if not isinstance(alerts, list) or len(alerts) > MOST:
        raise Garbage(f"alerts must be a list of at most {MOST}")
    truncated = payload.get("truncatedAlerts", 0)
    if not isinstance(truncated, int) or isinstance(truncated, bool) or truncated < 0:
        raise Garbage("truncatedAlerts must be a number")
    return Group(alerts=tuple(_alert(each) for each in alerts), truncated=truncated)


def _alert(value: object) -> Alert:
    if not isinstance(value, Mapping):
        raise Garbage("each alert must be an object")
    labels, annotations = (
        _texts(value.get("labels"), "labels"),
        _texts(value.get("annotations"), "annotations"),
    )
    status, fingerprint = value.get("status"), value.get("fingerprint")
    if status not in ("firing", "resolved"):
        raise Garbage("an alert's status must be firing or resolved")
    if not isinstance(fingerprint, str) or not fingerprint.isalnum() or len(fingerprint) > 64:
        raise Garbage("an alert's fingerprint is missing or malformed")
    return Alert(
        fingerprint=fingerprint,
        name=labels.get("alertname", ""),
        labels=labels,
        annotations=annotations,
        started=_moment(value.get("startsAt")),
        firing=status == "firing",
    )


def _texts(value: object, name: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    ):
        raise Garbage(f"an alert's {name} must be texts by name")
    return dict(value)


def _moment(value: object) -> datetime:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
        if found is None or found.tzinfo is None:
            raise ValueError("not a moment")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Garbage("an alert's startsAt is not a moment") from None
