"""Durations as Prometheus writes them: `1h30m`, `90s`, `0`."""

from __future__ import annotations

import re

_PARTS = re.compile(
    r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII
)
_FACTORS = (365 * 86_400_000, 7 * 86_400_000, 86_400_000, 3_600_000, 60_000, 1000, 1)


def seconds(text: str) -> float | None:
    """The length in seconds, or None for what is no duration (Prometheus' `model.ParseDuration`)."""
    if text == "0":
        return 0.0
    found = _PARTS.fullmatch(text) if text else None
    if found is None or len(text) > 60:
        return None
    pairs = zip(found.groups(), _FACTORS, strict=True)
    return sum(int(number) * factor for number, factor in pairs if number) / 1000
