"""What the ledger keeps and nobody is told, each with the reason. With `told.TOLD` it covers every event there is."""

from __future__ import annotations

from collections.abc import Mapping

_PART = "a step of something that is told as a whole"
_ANSWERED = "whoever asked is answered where they asked"
_SHOWN = "the check run on the commit shows it"

SILENT: Mapping[str, str] = {}
"""By event: why no row of it is told. An event of which only some decisions are told is not listed."""
