"""What does a comment tell Lockstep to do? `parse` turns its text into commands; it decides nothing about who may."""

from bot.decide.commands.parse import LIMIT, parse
from bot.decide.commands.usage import USAGE, Usage, table
from bot.decide.commands.values import (
    Approve,
    CancelApproval,
    CancelOverride,
    Command,
    DryRun,
    Help,
    Hold,
    Hotfix,
    Malformed,
    Override,
    Promote,
    Retry,
    Rollback,
    Status,
    Sync,
    TooMany,
    Unhold,
)

__all__ = [
    "LIMIT",
    "USAGE",
    "Approve",
    "CancelApproval",
    "CancelOverride",
    "Command",
    "DryRun",
    "Help",
    "Hold",
    "Hotfix",
    "Malformed",
    "Override",
    "Promote",
    "Retry",
    "Rollback",
    "Status",
    "Sync",
    "TooMany",
    "Unhold",
    "Usage",
    "parse",
    "table",
]
