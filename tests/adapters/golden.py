"""Golden files: what was looked at once and must stay so. `RENEW_GOLDEN=1` writes them anew, to be looked at again."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).parents[1] / "data" / "notify"


def same(name: str, text: str) -> None:
    """The text is what the file holds."""
    path = HERE / name
    if os.environ.get("RENEW_GOLDEN"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} has changed: look at it, then RENEW_GOLDEN=1"
