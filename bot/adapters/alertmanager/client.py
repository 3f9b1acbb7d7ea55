"""Asks Alertmanager for firing alerts: `GET /api/v2/alerts`, neither silenced nor inhibited.

https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
An Alertmanager that has just started knows no alerts yet, because Prometheus sends them again only after a minute;
its silence is not taken for calm. Nor is one that is still finding its cluster.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from bot.adapters.outbound import Blocked, NoAnswer, Outbound, without_credentials
from bot.model.facts import Unknown
from bot.model.measurements import Alert, Alerts

LIMIT = 4 * 1024 * 1024
TIMEOUT = 10.0
SETTLE = timedelta(minutes=2)
"""How long after its start an Alertmanager's empty answer says nothing."""

_MATCHER = re.compile(r'[A-Za-z_][A-Za-z0-9_]*\s*(=~|!~|!=|=)\s*("[^"\\]*"|[A-Za-z0-9_.-]+)', re.ASCII)
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,30}", re.ASCII)


class Alertmanager:
    """One server. `url` is ALERTMANAGER_URL, None when it is not set: then everything is Unknown and says so."""

    def __init__(
        self, url: str | None, outbound: Outbound, *, timeout: float = TIMEOUT, settle: timedelta = SETTLE
    ) -> None:
        base, credentials = without_credentials(url) if url else ("", "")
        self._base = base.rstrip("/")
        self._outbound = outbound
        self._timeout = timeout
        self._settle = settle
        self._headers = {"Accept": "application/json"}
        if credentials:
            self._headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()

    def firing(
        self, environment: str, matchers: tuple[str, ...], at: datetime, *, label: str = "environment"
    ) -> Alerts | Unknown:
        """Every alert of the environment that fires and meets all matchers. `at` is the aware time now.

        Raises ValueError for a name or matcher that does not obey its grammar: nothing else gets into a question.
        """
        if not _ENVIRONMENT.fullmatch(environment) or not _LABEL.fullmatch(label):
            raise ValueError(
                "an environment's or label's name has characters that do not belong into a matcher"
            )
        if not all(_MATCHER.fullmatch(each) for each in matchers):
            raise ValueError('a matcher is not of the form name="value"')
        if not self._base:
            return Unknown(why="ALERTMANAGER_URL is not set: set it to the address of your Alertmanager")
        unsettled = self._unsettled(at)
        if unsettled:
            return unsettled
        filters = (*matchers, f'{label}="{environment}"')
        asked = [("active", "true"), ("silenced", "false"), ("inhibited", "false")]
        asked += [("filter", each) for each in filters]
        said = self._get(f"/api/v2/alerts?{urlencode(asked, quote_via=quote)}")
        if isinstance(said, Unknown):
            return said
        if not isinstance(said, list):
            return Unknown(why="Alertmanager: its answer is no list of alerts")
        try:
            alerts = tuple(_alert(row) for row in said if _fires(row))
        except (KeyError, TypeError, ValueError, AttributeError):
            return Unknown(why="Alertmanager: its list of alerts has another shape than API v2 describes")
        page = f"{self._base}/#/alerts?filter={quote('{' + ','.join(filters) + '}')}"
        return Alerts(environment=environment, alerts=alerts, matchers=matchers, at=at, url=page)

    def _unsettled(self, at: datetime) -> Unknown | None:
        said = self._get("/api/v2/status")
        if isinstance(said, Unknown):
            return said
        try:
            started, cluster = _moment(said["uptime"]), said["cluster"]["status"]
        except (KeyError, TypeError, ValueError):
            return Unknown(why="Alertmanager: its status has another shape than API v2 describes")
        if cluster == "settling":
            return Unknown(why="Alertmanager is still finding its cluster", passing=True)
        if at - started < self._settle:
            since = f"{started.astimezone(UTC):%H:%M:%S} UTC"
            why = f"Alertmanager was started at {since}: it may not know every alert yet"
            return Unknown(why=why, passing=True)
        return None

    def _get(self, path: str) -> Any:
        """The parsed answer, or Unknown."""
        try:
            answer = self._outbound.request(
                "GET", self._base + path, headers=self._headers, limit=LIMIT, timeout=self._timeout
            )
            if answer.status == 200:
                return json.loads(answer.body)
        except (NoAnswer, Blocked) as error:
            return Unknown(why=f"Alertmanager: {error}", passing=isinstance(error, NoAnswer))
        except (ValueError, RecursionError):
            return Unknown(why="Alertmanager: its answer is no JSON")
        return Unknown(why=f"Alertmanager answered with status {answer.status}", passing=answer.status >= 500)


def _fires(row: Any) -> bool:
    """Whether it is not suppressed. One that is not processed yet fires: nothing silences it so far."""
    status = row["status"]
    if status["state"] not in ("active", "unprocessed", "suppressed"):
        raise ValueError("unknown state")
    return bool(status["state"] != "suppressed" and not status["silencedBy"] and not status["inhibitedBy"])


def _alert(row: Any) -> Alert:
    labels = {str(name): str(value) for name, value in row["labels"].items()}
    url = str(row.get("generatorURL") or "")
    return Alert(
        name=labels.get("alertname", "(unnamed)"),
        labels=labels,
        fingerprint=str(row["fingerprint"]),
        starts_at=_moment(row["startsAt"]),
        url=url if url.startswith(("http://", "https://")) else None,
    )


def _moment(text: str) -> datetime:
    """An RFC 3339 time, aware. Raises ValueError, or TypeError for what is no text."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without an offset")
    return found
