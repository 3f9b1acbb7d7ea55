"""Is this a time without promotions? Windows in local time, with daylight saving, and the next change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.decide.gates import Gated
from bot.decide.gates.measuring import Finding, gated, moment
from bot.decide.text import visible
from bot.model.policy_after import Freeze
from bot.model.verdict import Evidence, Outcome

_AHEAD = timedelta(days=15)
"""How far weekly windows are followed; the answer is looked at again by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """One freeze in UTC; `end` is the first moment after it."""

    start: datetime
    end: datetime
    freeze: Freeze


def freeze(windows: Sequence[Freeze], environment: str, now: datetime, *, hotfix: bool = False) -> Gated:
    """Waits while a window of the environment is open, and says until when; overlapping windows count as one.

    A hotfix passes those that allow it. While none is open, `changes_at` is the start of the next.
    """
    meant = [each for each in windows if not each.environments or environment in each.environments]
    spans = sorted((span for each in meant for span in _spans(each, now)), key=lambda each: each.start)
    holding = [each for each in spans if not (hotfix and each.freeze.allow_hotfix)]
    open_now = [each for each in holding if each.start <= now < each.end]
    if not open_now:
        return _open(environment, spans, holding, now)
    end = max(each.end for each in open_now)
    for each in holding:  # in order of their starts: one that begins before the end lengthens it
        if each.start <= end:
            end = max(end, each.end)
    names = ", ".join(dict.fromkeys(f"“{visible(each.freeze.name)}”" for each in open_now))
    allowed = not hotfix and all(each.freeze.allow_hotfix for each in open_now)
    finding = Finding(
        outcome=Outcome.WAIT,
        says=f"{environment} is frozen until {_local(end, open_now[0].freeze)}: {names}"
        + ("; a hotfix may pass" if allowed else ""),
        evidence=(
            Evidence(
                measured=f"frozen since {moment(min(each.start for each in open_now))}",
                needed=f"after {moment(end)}",
                source="rules file",
                at=now,
            ),
        ),
        changes_at=end,
    )
    return gated("freeze", [finding])


def _open(environment: str, spans: list[_Span], holding: list[_Span], now: datetime) -> Gated:
    coming = next((each.start for each in holding if each.start > now), None)
    passed = [each for each in spans if each not in holding and each.start <= now < each.end]
    says = f"No freeze of {environment}" + (f" before {moment(coming)}" if coming else "")
    if passed:
        says = f"A hotfix passes the freeze “{visible(passed[0].freeze.name)}” of {environment}"
    needed = "no freeze" if not passed else "a freeze that allows hotfixes"
    evidence = Evidence(measured=says, needed=needed, source="rules file", at=now)
    return gated(
        "freeze", [Finding(outcome=Outcome.PASS, says=says, evidence=(evidence,), changes_at=coming)]
    )


def _spans(freeze: Freeze, now: datetime) -> Iterator[_Span]:
    """The windows that are not over at `now`, as far ahead as they are followed."""
    zone = ZoneInfo(freeze.timezone)
    for start, end in _windows(freeze, now.astimezone(zone).date()):
        span = _Span(start=_first(start, zone), end=_last(end, zone), freeze=freeze)
        if span.start < span.end and span.end > now:
            yield span


def _windows(freeze: Freeze, today: date) -> Iterator[tuple[datetime, datetime]]:
    """Start and end in local time."""
    if freeze.starts is not None and freeze.ends is not None:
        yield freeze.starts, freeze.ends
    if freeze.from_time is None or freeze.to_time is None:
        return
    for offset in range(-2, _AHEAD.days):
        day = today + timedelta(days=offset)
        if day.weekday() in freeze.days:
            last = day if freeze.to_time > freeze.from_time else day + timedelta(days=1)
            yield datetime.combine(day, freeze.from_time), datetime.combine(last, freeze.to_time)


def _first(local: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks first show `local`, or jump over it: a start in a repeated hour is its first time."""
    return _jump(local, zone) or local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _last(local: datetime, zone: ZoneInfo) -> datetime:
    """When the clocks last show `local`, or jump over it: an end in a repeated hour is its second time."""
    return _jump(local, zone) or local.replace(tzinfo=zone, fold=1).astimezone(UTC)


def _jump(local: datetime, zone: ZoneInfo) -> datetime | None:
    """The moment at which the clocks jump over `local`; None when they show it.

    In a gap the two folds are the offsets before and after, and the jump lies between what they make of it
    (PEP 495): https://peps.python.org/pep-0495/#mind-the-gap
    """
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == local:
        return None
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _local(at: datetime, freeze: Freeze) -> str:
    return f"{at.astimezone(ZoneInfo(freeze.timezone)):%Y-%m-%d %H:%M} ({freeze.timezone})"
