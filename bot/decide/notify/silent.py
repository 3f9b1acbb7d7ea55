"""What the ledger keeps and nobody is told, each with the reason. With `told.TOLD` it covers every event there is."""

from __future__ import annotations

from collections.abc import Mapping

from bot.decide.commands import USAGE

_ACT = "an act on GitHub: GitHub shows it, and what it is part of is told"
_PART = "a part of something that is told as a whole"
_ANSWERED = "whoever asked is answered where they asked"
_SHOWN = "a check run on the commit shows it"
_OURS = "about Lockstep itself: `/status`, `/metrics` and `lockstep doctor` tell it"
_EVERYDAY = "everyday: a build that failed, or that was never meant to hand anything over"
_WELL = "all is well: success is silent (row C1)"

SILENT: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "add_labels", "close_pull", "comment_on_commit", "comment_on_issue", "delete_branch", "dequeue_pull",
            "dispatch_workflow", "edit_pull", "enqueue_pull", "merge_pull", "mirror_deployment", "open_issue",
            "open_pull", "publish_release", "put_comment", "put_note",
            "react", "remove_labels", "review_deployment", "rewrite_pull",
            "set_check", "renew_issue",
        ),
        _ACT,
    ),
    **dict.fromkeys(
        (
            "alert_received", "argocd_sync",
            "deployment_asked", "deployment_blocked", "deployment_approved", "evidence",
            "incident_action", "incident_opened", "promotion_closed", "promotion_merged", "release_log",
            "rollback_asked", "hotfix_declared", "hotfix_confirmed", "debt_incurred", "postmortem",
            "rollback_merged", "validation_confirmed", "veto", "vetoed", "issue",
        ),
        _PART,
    ),
    **dict.fromkeys(
        (
            *(f"command_{each.name.replace('-', '_')}" for each in USAGE), "dispatch",
            "stale_approval", "incident_false_positive", "promote",
        ),
        _ANSWERED,
    ),
    **dict.fromkeys(
        (
            "approval", "approval_void", "approval_not_counted", "approval_unverified", "guards_denied",
            "override_expired", "self_approval", "verdicts",
        ),
        _SHOWN,
    ),
    **dict.fromkeys(("release_accepted", "source_renamed", "validation_passed"), _WELL),
    **dict.fromkeys(
        (
            "event_not_allowed", "foreign_head", "branch_not_allowed", "not_completed", "not_successful", "stale_run",
            "validation_ignored",
        ),
        _EVERYDAY,
    ),
    **dict.fromkeys(
        (
            "alerts_truncated", "channel_broken", "channel_mended", "landing_unknown", "look", "not_allowlisted",
            "not_installed", "told",
        ),
        _OURS,
    ),
}  # fmt: skip
"""By event: why no row of it is told. An event of which only some decisions are told is not listed."""
