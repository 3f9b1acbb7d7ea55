"""What the ledger comes to in numbers: counters and histograms for `/metrics`, and the report (rows P9, C7).

`Tally` folds ledger rows, oldest first; the same rows give the same numbers in any process. `FAMILIES` says what there
is; `report` words it.
"""

from __future__ import annotations

from bot.decide.figures.families import FAMILIES, Family, Kind
from bot.decide.figures.tally import EVENTS, Tally

__all__ = ["EVENTS", "FAMILIES", "Family", "Kind", "Tally"]
