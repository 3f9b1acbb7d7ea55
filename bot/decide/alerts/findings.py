"""What a comparison of two bundles finds, as values; the texts are for people and defanged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile

from bot.decide import text

LIMIT = 200
"""Characters of a value that are shown."""
_BEFORE = 60
"""Characters of what two long values share that are shown before they differ."""


class Drift(Enum):
    """The kinds of findings (row A4); the value is how programs call one."""

    FILE_MISSING = "file-missing"
    UNREADABLE = "file-unreadable"
    DOCUMENT_MISSING = "document-missing"
    GROUP_MISSING = "group-missing"
    GROUP_ORDER = "group-order"
    RULE_MISSING = "rule-missing"
    RULE_DUPLICATED = "rule-duplicated"
    RULE_ORDER = "rule-order"
    FIELD = "field-differs"
    MATCHER = "environment-matcher"
    LABEL = "environment-label"
    BUNDLE = "bundle"


MEANINGS = {
    Drift.FILE_MISSING: "A rule file stands in one bundle only.",
    Drift.UNREADABLE: "A file of a bundle cannot be read as rules.",
    Drift.DOCUMENT_MISSING: "A document of a rule file stands in one bundle only.",
    Drift.GROUP_MISSING: "A rule group stands in one bundle only.",
    Drift.GROUP_ORDER: "Rule groups stand in another order.",
    Drift.RULE_MISSING: "A rule stands in one bundle only.",
    Drift.RULE_DUPLICATED: "A rule stands more often in one bundle.",
    Drift.RULE_ORDER: "Rules of a group are evaluated in another order.",
    Drift.FIELD: "A field differs, and it is not the environment label.",
    Drift.MATCHER: "An expression selects another environment.",
    Drift.LABEL: "A rule does not carry its bundle's environment label.",
    Drift.BUNDLE: "The bundles cannot be staging and production of the same rules.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference. `staging` and `production` are the values there; None: there is none. Lines count from 1.

    `field` is `expr`, `for`, `labels/severity`, `annotations/summary`, a group's `interval`, or a JSON Pointer in a
    manifest (`/metadata/name`).
    """

    kind: Drift
    file: str
    message: str
    group: str = ""
    rule: str = ""
    field: str = ""
    staging: str | None = None
    production: str | None = None
    staging_line: int | None = None
    production_line: int | None = None

    def where(self) -> str:
        """`group g, rule A, for`, as far as it is about one."""
        parts = (("group", self.group), ("rule", self.rule), ("", self.field))
        return ", ".join(f"{name} {text.visible(value)}".strip() for name, value in parts if value)

    def sentence(self) -> str:
        """One line: where, and what."""
        where = self.where()
        return f"{where}: {self.message}" if where else self.message


@dataclass(frozen=True, slots=True, kw_only=True)
class Environments:
    """What the bundles' labels must say; None: that bundle carries no environment label at all."""

    staging: str | None
    production: str | None
    label: str = "environment"
    names: tuple[str, str] = ("staging", "production")
    """What people call the two sides; messages say these words."""

    def called(self, side: str) -> str:
        """What people call `staging` or `production`."""
        return self.names[side == "production"]

    def both(self, staging: str | None, production: str | None) -> str:
        """The two values, each with its side; of long ones what is around the first difference."""
        one, other = apart(staging, production)
        alike = "; they differ in blanks or characters that nobody sees" if one == other else ""
        return f"{one} in {self.names[0]}, {other} in {self.names[1]}{alike}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The comparison of one file: its findings, and how many rules were looked at (the larger side's number)."""

    file: str
    findings: Sequence[Finding]
    rules: int


def shown(value: str | None, limit: int = LIMIT) -> str:
    """A value for people: one line, quoted, cut; `nothing` for None."""
    return "nothing" if value is None else f"'{text.truncate(text.visible(value), limit, '…')}'"


def apart(one: str | None, other: str | None) -> tuple[str, str]:
    """Two values for people, as `shown`; what both begin with is cut where the difference would be cut off else."""
    if one is None or other is None:
        return shown(one), shown(other)
    seen = text.visible(one), text.visible(other)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(*seen, strict=False)))
    if same > _BEFORE * 2 and max(map(len, seen)) > LIMIT:
        seen = "…" + seen[0][same - _BEFORE :], "…" + seen[1][same - _BEFORE :]
    return shown(seen[0]), shown(seen[1])
