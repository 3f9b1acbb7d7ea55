"""Issues that Lockstep opens: incidents, postmortems, alarms. What one should be, and how it is known again.

Its body has two parts: the facts, which are kept current, and what people tick and add, which is theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

BEGIN = "<!-- lockstep:facts -->"
END = "<!-- /lockstep:facts -->"
_KEY = re.compile(r"[a-z0-9][a-z0-9:._+-]{0,120}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as it is wanted. The same `key` in one repository is the same issue, whatever else changes."""

    key: str
    """`incident:12`, `postmortem:34`: small letters, digits and `:._+-`."""
    title: str
    facts: str
    """Markdown, safe to show; renewed in place whenever it changes."""
    checklist: tuple[str, ...] = ()
    """What is left for people to do; written when it is opened and theirs from then on."""
    labels: tuple[str, ...]
    """At least one; the issue is looked for under the first."""
    closed: bool = False
    """Whether it is over. An issue that was over is never opened again: what begins anew is another issue."""
    stands: bool = False
    """A person who closes it before it is over does not end it: with the next news it is open again."""

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} is no issue's key")
        if not self.labels:
            raise ValueError("an issue needs a label, under which it is found again")

    @property
    def marker(self) -> str:
        """The hidden line by which it is known."""
        return f"<!-- lockstep:{self.key} -->"

    @property
    def body(self) -> str:
        """The body that it is opened with."""
        to_do = (
            "**To do**\n\n" + "\n".join(f"- [ ] {each}" for each in self.checklist) if self.checklist else ""
        )
        return "\n\n".join(part for part in (f"{BEGIN}\n{self.facts}\n{END}", to_do) if part)


def with_facts(body: str, facts: str) -> str:
    """The body with other facts. One whose marks a person took away is theirs altogether, and stays."""
    text = body.replace("\r\n", "\n")
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    return f"{before}{BEGIN}\n{facts}\n{END}{after}" if begun and ended else body
