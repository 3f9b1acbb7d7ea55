"""The permission matrix: who may give which command (attack case 67). A test holds it to `authorize`.

It is written down, not worked out, so that a change of `authorize` that nobody meant does not go unnoticed; the README
shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class May(Enum):
    """What a cell says."""

    YES = "yes"
    OPEN = "unless roles are named"
    """Yes, as long as the rules name no role for the command in that environment."""
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A column: somebody as the authorizer sees them."""

    name: str
    permission: str
    in_role: bool = False
    """Whether in the role that the rules name for the command, if they name one."""
    is_bot: bool = False
    contributed: bool = False
    """Whether of those who never approve this pull request: author, last pusher, committer, requester."""


COLUMNS = (
    Who(name="outsider", permission="none"),
    Who(name="reader", permission="read"),
    Who(name="reader in the role", permission="read", in_role=True),
    Who(name="writer", permission="write"),
    Who(name="writer in the role", permission="write", in_role=True),
    Who(name="admin", permission="admin"),
    Who(name="bot", permission="write", in_role=True, is_bot=True),
    Who(name="the pull request's own author", permission="write", contributed=True),
)

_YES, _OPEN, _NO = May.YES, May.OPEN, May.NO
_BY_ROLE = (_NO, _NO, _NO, _OPEN, _YES, _OPEN, _NO, _OPEN)
_WRITERS = (_NO, _NO, _NO, _YES, _YES, _YES, _NO, _YES)
_OTHERS = (_NO, _NO, _NO, _YES, _YES, _YES, _NO, _NO)
_PEOPLE = (_YES, _YES, _YES, _YES, _YES, _YES, _NO, _YES)

TABLE: Mapping[str, tuple[May, ...]] = {
    "promote": _BY_ROLE,
    "override": _BY_ROLE,
    "rollback": _BY_ROLE,
    "veto": _BY_ROLE,
    "hotfix": _BY_ROLE,
    "hold": _BY_ROLE,
    "unhold": _BY_ROLE,
    "sync": _BY_ROLE,
    "decide": _BY_ROLE,
    "false-positive": _BY_ROLE,
    "ack": _WRITERS,
    "approve": _OTHERS,
    "retry": _WRITERS,
    "status": _WRITERS,
    "dry-run": _WRITERS,
    "help": _PEOPLE,
}
"""Command to a cell for each of `COLUMNS`; the same in every environment, and through every door."""

NOTES = (
    "Roles are those under `commands` in the rules file: for all environments, or for one under "
    "`commands.environments.<environment>`. `/unhold` goes by the roles of `hold`, "
    "`/veto` by those of `rollback`, `/false-positive` by those of `decide`.",
    "Whether an approval then counts is decided by the environment's `approvals` and by CODEOWNERS. `approvals` and "
    "`guards` cannot be overridden by anybody.",
    "A permission or a membership that cannot be read is a no until it can.",
)


def markdown() -> str:
    """The table as Markdown, with its notes, for the README."""
    head = "| command | " + " | ".join(who.name for who in COLUMNS) + " |"
    rows = [head, "|---" * (len(COLUMNS) + 1) + "|"]
    rows += [
        f"| {_name(name)} | " + " | ".join(may.value for may in cells) + " |" for name, cells in TABLE.items()
    ]
    return "\n".join([*rows, "", *(f"- {note}" for note in NOTES)]) + "\n"


def _name(command: str) -> str:
    return f"`/{command}`"
