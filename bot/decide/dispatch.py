"""What a `repository_dispatch` asks for: its `client_payload`, read strictly (row P5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.decide.text import truncate, visible

EVENT_TYPE = "lockstep-promote"
"""The `event_type` that Lockstep listens to; all others are somebody else's."""
FIELDS = ("from", "to", "components", "dry_run")
_YES_NO = {"true": True, "false": False, "": False}
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchAsk:
    """A well-formed request; the names in it are not held against the rules yet."""

    into: str
    comes_from: str | None = None
    components: tuple[str, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """Why the payload asks for nothing, naming the field."""

    problem: str


def read_dispatch(payload: object) -> DispatchAsk | Malformed:
    """Reads `client_payload`: `to` (required), `from`, `components` (a list, or words with spaces or commas between),
    `dry_run` (true or false, also as text, because a workflow's inputs are text). Anything else is refused whole."""
    if not isinstance(payload, Mapping):
        return Malformed(problem='client_payload is missing: say {"from": …, "to": …}.')
    strange = next((str(name) for name in payload if name not in FIELDS), None)
    if strange is not None:
        listed = ", ".join(FIELDS)
        return Malformed(problem=f"client_payload.{_short(strange)} is not understood; there are {listed}.")
    texts = {name: payload.get(name) or "" for name in ("from", "to")}
    for name, value in texts.items():
        if not isinstance(value, str):
            return Malformed(problem=f"client_payload.{name} is the name of an environment.")
    if not texts["to"].strip():
        return Malformed(problem="client_payload.to is missing: say which environment.")
    components = _components(payload.get("components"))
    if components is None:
        return Malformed(problem=f"client_payload.components is a list of at most {_MOST} names.")
    dry_run = _switch(payload.get("dry_run"))
    if dry_run is None:
        return Malformed(problem="client_payload.dry_run is true or false.")
    return DispatchAsk(
        into=texts["to"].strip(),
        comes_from=texts["from"].strip() or None,
        components=components,
        dry_run=dry_run,
    )


def _components(value: Any) -> tuple[str, ...] | None:
    words = value.replace(",", " ").split() if isinstance(value, str) else [] if value is None else value
    if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
        return None
    return tuple(dict.fromkeys(words)) if len(words) <= _MOST else None


def _switch(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return bool(value)
    return _YES_NO.get(value.strip().lower()) if isinstance(value, str) else None


def _short(word: str) -> str:
    return truncate(visible(word), 60, "…")
