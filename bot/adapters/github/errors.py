"""Sorts what GitHub answers into the four kinds of trouble, and reads the rate-limit headers.

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from bot.errors import LockstepError, Moved, NotFound, Retryable, Stale, Terminal

SECONDARY_WAIT = timedelta(seconds=60)
"""GitHub: without `retry-after`, wait at least a minute, then exponentially longer (attack case 19)."""
LONGEST_WAIT = timedelta(hours=1)
SKEW = timedelta(seconds=45)
_LIMIT_WORDS = ("rate limit", "abuse detection", "please retry your request again later")


def message_of(data: Any) -> str:
    """GitHub's own sentence with its validation errors, shortened to what a person wants to read."""
    if not isinstance(data, Mapping):
        return "no explanation"
    parts = [str(data.get("message", "no explanation"))]
    for error in data.get("errors") or ():
        if isinstance(error, Mapping):
            words = error.get("message") or " ".join(
                str(error[key]) for key in ("resource", "field", "code") if error.get(key)
            )
            parts.append(str(words))
        else:
            parts.append(str(error))
    return "; ".join(part for part in parts if part)[:300]


def reset_of(headers: Mapping[str, Any]) -> datetime | None:
    """The moment at which the budget is full again, from `x-ratelimit-reset` (seconds since 1970)."""
    try:
        return datetime.fromtimestamp(float(headers["x-ratelimit-reset"]), UTC)
    except (KeyError, ValueError, OverflowError):
        return None


def _retry_after(headers: Mapping[str, Any]) -> timedelta | None:
    value = headers.get("retry-after")
    if value is None:
        return None
    try:
        return timedelta(seconds=max(1, int(str(value))))
    except ValueError:
        return SECONDARY_WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rate limit. `until` is None for a secondary one that names no time: the wait grows with each in a row."""

    until: datetime | None


def limit_of(status: int, headers: Mapping[str, Any], data: Any, now: datetime) -> Limit | None:
    """What an answer says of a rate limit; None when it is none."""
    if status not in (403, 429):
        return None
    after = _retry_after(headers)
    if after is not None:
        return Limit(until=now + after)
    if str(headers.get("x-ratelimit-remaining", "")) == "0":
        reset = reset_of(headers)
        return Limit(until=max(reset, now + timedelta(seconds=1)) if reset else now + SECONDARY_WAIT)
    words = message_of(data).lower()
    if status == 429 or any(phrase in words for phrase in _LIMIT_WORDS):
        return Limit(until=None)
    return None


def wait_after(strikes: int) -> timedelta:
    """How long to be silent after this many secondary limits in a row: a minute, then double, at most an hour."""
    wait: timedelta = SECONDARY_WAIT * (2 ** min(max(strikes - 1, 0), 10))
    return min(wait, LONGEST_WAIT)


def limited(what: str, until: datetime, *, asked: bool = False) -> Retryable:
    """The wait that GitHub asks for. A wait for a limit that is known already does not count as a try; running into
    one does (`asked`), so that a subject that never gets through is given up in the end (attack case 19)."""
    return Retryable(
        f"GitHub's rate limit: {what} waits until {until:%Y-%m-%d %H:%M:%S} UTC", at=until, counts=asked
    )


def skew_of(headers: Mapping[str, Any], now: datetime) -> timedelta | None:
    """How far this machine's clock is ahead of GitHub's, by the answer's Date header; None when it says nothing."""
    try:
        return now - parsedate_to_datetime(str(headers["date"]))
    except (KeyError, TypeError, ValueError):
        return None


def app_unauthorized(headers: Mapping[str, Any], data: Any, now: datetime) -> LockstepError:
    """A 401 to the App's JWT: a wrong clock is told apart from a wrong key (attack case 17)."""
    said = message_of(data)
    skew = skew_of(headers, now)
    about_time = "'exp'" in said or "'iat'" in said or "expiration time" in said.lower()
    if about_time or (skew is not None and abs(skew) > SKEW):
        by = f" by {abs(skew).total_seconds():.0f} s" if skew is not None else ""
        return Retryable(
            f"clock skew: this machine's clock differs from GitHub's{by}, so GitHub refuses the App's token; "
            f"set the clock right (NTP). GitHub says: {said}"
        )
    return Terminal(
        f"GitHub does not accept the App's key: check that APP_ID and PRIVATE_KEY belong together. "
        f"GitHub says: {said}"
    )


def trouble(status: int, headers: Mapping[str, Any], data: Any, what: str) -> LockstepError:
    """The kind of an answer of 300 and more that is no rate limit. `what` is method and path."""
    said = message_of(data)
    if status >= 500:
        return Retryable(f"GitHub answered {status} to {what}")
    if status in (301, 302, 307, 308):
        return Moved(
            f"{what} has moved: the repository was renamed or transferred, its name is asked for again"
        )
    if status == 401:
        return Terminal(f"GitHub refuses a newly minted installation token for {what}: {said}")
    if status == 403 and "suspended" in said.lower():
        return Terminal(f"the installation is suspended; {what} was not done")
    if status == 403:
        accepted = headers.get("x-accepted-github-permissions")
        needs = f" It needs {accepted}: grant it in the App's settings and accept it." if accepted else ""
        return Terminal(f"GitHub forbids {what}: {said}.{needs}")
    if status in (404, 410):
        return NotFound(f"{what} does not exist any more, or the App may not see it: {said}")
    if status == 409:
        return Stale(f"GitHub reports a conflict at {what}: {said}")
    return Terminal(f"GitHub refused {what} ({status}): {said}")
