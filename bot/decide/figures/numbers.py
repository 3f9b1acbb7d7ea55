"""Counters and histograms with bounded labels. Every label is one of few words: names that people choose are cut off at
`MOST` different ones, and what comes after is `other` (attack case 75).
"""

from __future__ import annotations

import bisect
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from bot.decide.figures.families import BY_NAME

MOST = 50
"""Different values of one label; the rest is `other`."""
_WORD = re.compile(r"[a-z0-9][a-z0-9 ._-]{0,62}")


@dataclass(slots=True)
class Spread:
    """A histogram: how many fell into each bucket (the last: above all), and their sum."""

    buckets: list[int]
    total: float = 0.0

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.buckets)

    def mean(self) -> float | None:
        """Their mean in seconds; None when there are none."""
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class Numbers:
    """What was counted and how long it took."""

    since: datetime | None = None
    counts: dict[str, Counter[tuple[str, ...]]] = field(default_factory=dict)
    spreads: dict[str, dict[tuple[str, ...], Spread]] = field(default_factory=dict)
    raw: dict[str, dict[tuple[str, ...], list[float]]] = field(default_factory=dict)
    """With `since`: each duration by its labels, for medians."""
    counting: bool = True
    """False while what is read is from before `since`."""
    _known: dict[str, set[str]] = field(default_factory=dict)

    def count(self, name: str, *labels: str, by: int = 1) -> None:
        """One more."""
        if self.counting:
            self.counts.setdefault(f"lockstep_{name}", Counter())[labels] += by

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """One more duration."""
        if not self.counting:
            return
        family = BY_NAME[f"lockstep_{name}_seconds"]
        known = self.spreads.setdefault(family.name, {})
        spread = known.setdefault(labels, Spread(buckets=[0] * (len(family.buckets) + 1)))
        spread.buckets[bisect.bisect_left(family.buckets, seconds)] += 1
        spread.total += seconds
        if self.since is not None:
            self.raw.setdefault(family.name, {}).setdefault(labels, []).append(seconds)

    def word(self, label: str, value: object) -> str:
        """A label's value: one of few plain words."""
        text = str(value or "").lower()
        known = self._known.setdefault(label, set())
        if text in known:
            return text
        if not _WORD.fullmatch(text) or len(known) >= MOST:
            return "other"
        known.add(text)
        return text
