"""What to do next, by what failed (contract: `nextSteps`). The first two steps are the contract's for every failure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.model.validation import Flow

LOGS = "Review production validation logs"
ROLLBACK = "Check if infrastructure rollback is needed"

_BY_ERROR = (
    (
        re.compile(r"assert|expected|not visible|is visible|not found|no visible element", re.IGNORECASE),
        "Investigate failed assertions",
    ),
    (
        re.compile(r"time[d -]?out|timeout|deadline", re.IGNORECASE),
        "Check whether production answers in time: flows timed out",
    ),
    (
        re.compile(
            r"connection|refused|unreachable|resolve|dns|certificate|tls|ssl|network|\b5\d\d\b", re.IGNORECASE
        ),
        "Check that production can be reached: addresses, certificates, load balancer, health of the services",
    ),
    (
        re.compile(r"\b401\b|\b403\b|unauthori[sz]ed|forbidden|credential", re.IGNORECASE),
        "Check the accounts and secrets that the validation signs in with",
    ),
    (re.compile(r"crash|killed|out of memory|\boom\b", re.IGNORECASE), "Look for a crash of the application"),
)
UNCLEAR = "Investigate why the flows failed: their reports do not say"
NO_RESULTS = "Run the production validation again: its results are missing or cannot be read"
RUNNER = "Check the runner and the device: the validation itself was stopped"


def next_steps(failed: Sequence[Flow], *, readable: bool = True) -> tuple[str, ...]:
    """The steps, most urgent first. `readable` False: there are no results to go by."""
    found = [LOGS, ROLLBACK]
    for pattern, step in _BY_ERROR:
        if any(pattern.search(each.error) for each in failed):
            found.append(step)
    if any(each.exit_code > 128 for each in failed):
        found.append(RUNNER)
    if failed and len(found) == 2:
        found.append(UNCLEAR)
    if not readable or not failed:
        found.append(NO_RESULTS)
    return tuple(found)
