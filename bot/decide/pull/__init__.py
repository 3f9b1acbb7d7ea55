"""May this pull request be merged now, and why? Verdicts for each question, check runs, and the merge.

A promotion is judged only when it is ours by every mark that cannot be imitated: opened by our App, from a branch of
the same repository, on record, at the very commit that Lockstep wrote (attack case 78).
"""

from bot.decide.pull.decision import DETAILS, decide_pull, measured_verdicts
from bot.decide.pull.facts import PullDecision, PullFacts
from bot.decide.pull.ownership import (
    WRITING,
    being_written,
    environment_of,
    opened_by_us,
    pull_at,
)
from bot.decide.pull.questions import spoofed_checks

__all__ = [
    "DETAILS",
    "WRITING",
    "PullDecision",
    "PullFacts",
    "being_written",
    "decide_pull",
    "environment_of",
    "measured_verdicts",
    "opened_by_us",
    "pull_at",
    "spoofed_checks",
]
