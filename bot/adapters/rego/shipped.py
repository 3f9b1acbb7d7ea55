"""The guards that ship, read from `policies/guards/`, which lies beside `bot/` in the checkout and where installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import bot
from bot.errors import UserError
from bot.model.guards import SHIPPED, Module

FOLDER = Path(bot.__file__).resolve().parent.parent / "policies" / "guards"


@cache
def shipped() -> tuple[Module, ...]:
    """Every shipped guard. Raises UserError when the installation is damaged."""
    found = []
    for name in SHIPPED:
        path = FOLDER / f"{name}.rego"
        try:
            source = path.read_text("utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); install Lockstep again") from error
        found.append(Module(name=name, path=f"policies/guards/{name}.rego", source=source))
    return tuple(found)
