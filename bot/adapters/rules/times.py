"""Durations, moments and days of the rules file: functions that return the value or raise ValueError.

As in `grammar`, the message goes to the person who wrote the file.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DURATION = r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d|w))+"
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LONGEST = timedelta(days=366)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _full(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None


def duration(text: str) -> timedelta:
    """`30s`, `1h`, `1h30m`, `7d`, `500ms`; at most a year."""
    if len(text) > 40 or not _full(DURATION, text):
        raise ValueError("expected a duration such as `30m`, `1h`, `24h` or `7d`")
    parts = re.findall(r"([0-9.]+)(ms|s|m|h|d|w)", text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > _LONGEST.total_seconds():
        raise ValueError("expected a duration of at most 366 days")
    return timedelta(seconds=seconds)


def period(text: str) -> timedelta:
    """A duration of more than nothing."""
    value = duration(text)
    if not value:
        raise ValueError("expected a duration longer than zero")
    return value


def duration_text(value: timedelta) -> str:
    """The shortest single-unit spelling: `24h`, `90s`, `500ms`."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def timezone(text: str) -> str:
    """An IANA time zone."""
    try:
        if _full(r"[A-Za-z][A-Za-z0-9_+/-]{0,60}", text) and (text == "UTC" or ZoneInfo(text)):
            return text
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as `UTC` or `Europe/Berlin`") from None
    raise ValueError("expected a time zone such as `UTC` or `Europe/Berlin`")


def moment(text: str) -> datetime:
    """`2026-12-20 18:00`, local to the freeze's time zone."""
    if not _full(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?", text):
        raise ValueError("expected a local time such as `2026-12-20 18:00`, without offset")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("expected a date and time that exist, such as `2026-12-20 18:00`") from None


def clock(text: str) -> time:
    """`16:00`, local to the freeze's time zone."""
    if not _full(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("expected a time of day such as `16:00`")
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def weekday(text: str) -> int:
    """`mon` to `sun`; Monday is 0."""
    if text not in _DAYS:
        raise ValueError("expected a day: mon, tue, wed, thu, fri, sat or sun")
    return _DAYS.index(text)
