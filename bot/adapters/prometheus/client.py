"""Asks Prometheus one instant query: `POST /api/v1/query`.

https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
Whatever is not a plain, whole, finite answer is Unknown: a gate never passes on it.
"""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from bot.adapters.outbound import Answer, Blocked, NoAnswer, Outbound, without_credentials
from bot.model.facts import Unknown
from bot.model.measurements import Measured, Sample, Samples

LIMIT = 1024 * 1024
TIMEOUT = 10.0
_SAID = 200
_ANOTHER_TIME = timedelta(minutes=1)


class Prometheus:
    """One server. `url` is PROMETHEUS_URL, None when it is not set: then everything is Unknown and says so.

    Credentials in the URL go into the Authorization header and nowhere else.
    """

    def __init__(self, url: str | None, outbound: Outbound, *, timeout: float = TIMEOUT) -> None:
        base, credentials = without_credentials(url) if url else ("", "")
        self._base = base.rstrip("/")
        self._outbound = outbound
        self._timeout = timeout
        self._headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        if credentials:
            self._headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()

    def query(self, promql: str, at: datetime, *, single: bool = False) -> Measured:
        """Evaluates `promql` at the aware moment `at`: every series with its value, all finite.

        Unknown when there is no series, or more than one although `single`; for NaN, an infinity, a histogram, a
        matrix or a string; for a warning or a partial answer; when the server does not answer or refuses.
        """
        if not self._base:
            return Unknown(why="PROMETHEUS_URL is not set: set it to the address of your Prometheus")
        form = {
            "query": promql,
            "time": f"{at.timestamp():.3f}",
            "timeout": f"{math.ceil(self._timeout)}s",
            # Thanos would answer from some of its stores; Prometheus ignores it.
            "partial_response": "false",
        }
        try:
            answer = self._outbound.request(
                "POST",
                f"{self._base}/api/v1/query",
                headers=self._headers,
                body=urlencode(form).encode(),
                limit=LIMIT,
                timeout=self._timeout,
            )
        except (NoAnswer, Blocked) as error:
            return Unknown(why=f"Prometheus: {error}", passing=isinstance(error, NoAnswer))
        read = _samples(answer)
        if isinstance(read, str):
            return Unknown(why=f"Prometheus: {read}", passing=answer.status >= 500)
        samples, moment = read
        if abs(moment - at) > _ANOTHER_TIME:
            return Unknown(
                why=f"Prometheus: the answer is of {moment:%Y-%m-%d %H:%M} UTC, not of now (a cache?)"
            )
        if single and len(samples) > 1:
            return Unknown(why=f"Prometheus: {len(samples)} series came back where one was meant")
        return Samples(samples=samples, query=promql, at=moment, url=self.page(promql, at))

    def page(self, promql: str, at: datetime) -> str | None:
        """The page where a person sees the query at that moment; None when its address would be too long."""
        moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        url = f"{self._base}/graph?g0.expr={quote(promql, safe='')}&g0.tab=1&g0.moment_input={quote(moment)}"
        return url if len(url) <= 2000 else None


def _samples(answer: Answer) -> tuple[tuple[Sample, ...], datetime] | str:
    """The series and their common moment, or why there are none."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return f"status {answer.status} without JSON"
    if not isinstance(said, dict) or said.get("status") != "success" or answer.status != 200:
        return _refused(answer.status, said)
    if said.get("warnings"):
        return f"the answer may be partial; it warns: {_words(said['warnings'])}"
    data = said.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind == "scalar":
        result = [{"metric": {}, "value": result}]
    elif kind != "vector":
        return f"the query gives a {_words(kind)}, not numbers of one moment; a gate needs an instant vector"
    if not isinstance(result, list):
        return "the answer has no result"
    if not result:
        return "no series matches the query"
    return _read(result)


def _read(result: list[Any]) -> tuple[tuple[Sample, ...], datetime] | str:
    samples: list[Sample] = []
    moments: list[float] = []
    for row in result:
        try:
            labels = {str(name): str(value) for name, value in row["metric"].items()}
            moment, text = row["value"]
            value = float(text) if isinstance(text, str) else math.nan
            moments.append(float(moment))
        except (KeyError, TypeError, ValueError, AttributeError):
            return "a series has no single value (a histogram?)"
        if not math.isfinite(value):
            return f"series {_series(labels)} has the value {_words(text)}, which is no measurement"
        samples.append(Sample(labels=labels, value=value))
    try:
        return tuple(samples), datetime.fromtimestamp(min(moments), UTC)
    except (ValueError, OverflowError, OSError):
        return "the answer has no time"


def _series(labels: dict[str, str]) -> str:
    return _words("{" + ", ".join(f"{name}={value}" for name, value in sorted(labels.items())) + "}")


def _refused(status: int, said: Any) -> str:
    if isinstance(said, dict) and "error" in said:
        return f"status {status}, {_words(said.get('errorType'))}: {_words(said['error'])}"
    return f"status {status} without a result"


def _words(said: object) -> str:
    text = "; ".join(map(str, said)) if isinstance(said, list) else str(said)
    return " ".join(text.split())[:_SAID]
