"""The rollback's clock and the storm of alerts (issue 5, "Shown when done" 3): `python -m bench rollback [--quick]`.

Real processes over a real PostgreSQL, the local GitHub, and an Argo CD whose rollouts take 30 real seconds. Each round
of the clock is an account of its own, because GitHub's limit of 80 content-creating requests a minute is kept for each
installation: one account with so many rollbacks in a minute would measure that limit.
"""

from __future__ import annotations

from bench.rollback.clock import commanded_and_healed
from bench.rollback.storm import storm
from bench.table import Row

ACCOUNTS, ALERTS = 12, 1000


def rows(quick: bool = False) -> list[Row]:
    """From the command to the pull request, from the merge to healthy, and the storm."""
    return [*commanded_and_healed(4 if quick else ACCOUNTS), *storm(100 if quick else ALERTS)]
