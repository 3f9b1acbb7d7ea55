"""A rules file as dotted keys and plain words, so that two of them can be told apart in the ledger (row P11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.adapters.rules.document import read_document


def outline(data: bytes) -> Mapping[str, str] | None:
    """Dotted key to its value in words, such as `environments.staging.merge` to `approved`; lists count from 0.
    None when the bytes are no rules file that can be read."""
    document = read_document("", data)
    if document.errors or not isinstance(document.data, dict):
        return None
    return dict(_leaves(document.data, ""))


def _leaves(value: Any, above: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, f"{above}.{key}" if above else str(key))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{above}.{number}")
    else:
        yield above, _word(value)


def _word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)
