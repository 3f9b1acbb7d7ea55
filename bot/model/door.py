"""The doors at which people ask Lockstep for something. Each leads to the one authorizer (attack case 71)."""

from __future__ import annotations

from enum import Enum


class Door(Enum):
    """Where it came in, and so where it is answered."""

    COMMENT = "comment"
    """A command in a pull request's conversation: answered by a comment there."""
    BUTTON = "button"
    """`requested_action` of a check run: https://docs.github.com/webhooks/webhook-events-and-payloads#check_run"""
    RERUN = "re-run"
    """`rerequested` of a check run or a check suite."""
    LABEL = "label"
    """`automation:hotfix`, set on a promotion by a person: answered by a comment there."""
    TERMINAL = "terminal"
    """`lockstep promote`: the answer is on record, and whoever waits reads it there."""
    DISPATCH = "dispatch"
    """A `repository_dispatch`: answered by a check run on the default branch's head."""
    CLOSING = "closing"
    """A rollback's pull request closed without a merge, which lifts its veto: answered there if it lifts nothing."""
