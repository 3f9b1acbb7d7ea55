"""How many rules the unit tests exercise, as values (row G2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`tested` of `rules`; `percent` of nothing is 100."""

    rules: int
    tested: int

    @property
    def percent(self) -> float:
        """Rounded down to a tenth, so that 99.96 never reads as 100."""
        return 100.0 if not self.rules else self.tested * 1000 // self.rules / 10

    def __add__(self, other: Share) -> Share:
        return Share(rules=self.rules + other.rules, tested=self.tested + other.tested)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCoverage:
    """One rule group, with the names of the rules that no test exercises."""

    file: str
    group: str
    line: int
    share: Share
    untested: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The shares of alerting and recording rules, and the groups, least covered first."""

    alerting: Share
    recording: Share
    groups: Sequence[GroupCoverage]

    @property
    def rules(self) -> Share:
        """Alerting and recording rules together."""
        return self.alerting + self.recording
