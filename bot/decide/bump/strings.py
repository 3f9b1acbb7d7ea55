"""How a string is written as a YAML scalar so that every reader takes it for that string.

"Every reader" is YAML 1.1 (PyYAML), YAML 1.2 core and go-yaml, which Helm, kustomize and Argo CD use: they
disagree on `1e3`, `0o17`, `yes`, `1_000` and `12:30`, so whatever one of them takes for something else than
a string is quoted. Sources: https://yaml.org/type/ and https://yaml.org/spec/1.2.2/#103-core-schema
"""

from __future__ import annotations

import re

_WORDS = frozenset({"", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "=", "<<"})

_NOT_A_STRING = re.compile(
    r"""
      [-+]?[0-9][0-9_]*                                            # 12, 0755, 1_000
    | [-+]?0[bB][01_]+ | [-+]?0[oO][0-7_]+ | [-+]?0[xX][0-9a-fA-F_]+
    | [-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9_]+)?   # 1.10, 1e3, .5
    | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?             # 190:20:30, base 60
    | [-+]?\.(?:inf|nan)
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:t|[ \t]+)[0-9].*)?       # dates and times
    """,
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)

_INDICATORS = frozenset("-?:,[]{}#&*!|>'\"%@`")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}


def is_string_when_plain(value: str) -> bool:
    """Whether every reader takes the plain scalar `value` for a string, not a number, date or boolean."""
    return value.lower() not in _WORDS and _NOT_A_STRING.fullmatch(value) is None


def can_be_plain(value: str, *, flow: bool) -> bool:
    """Whether `value` may stand without quotes, as far as syntax goes; `flow` is True inside `{}` or `[]`."""
    if not value or not all(c.isprintable() for c in value) or value != value.strip():
        return False
    if (
        value[0] in _INDICATORS
        or value.startswith("...")
        or ": " in value
        or " #" in value
        or value.endswith(":")
    ):
        return False
    return not (flow and any(c in ",[]{}" for c in value))


def single_quoted(value: str) -> str:
    """`value` in single quotes; only for values that `fits_single_quotes`."""
    return "'" + value.replace("'", "''") + "'"


def fits_single_quotes(value: str) -> bool:
    """Single quotes know no escapes: line breaks and control characters need double quotes."""
    return all(c.isprintable() for c in value)


def double_quoted(value: str) -> str:
    """`value` in double quotes, with YAML's escapes (also valid JSON for printable text)."""
    return '"' + "".join(_escaped(c) for c in value) + '"'


def _escaped(character: str) -> str:
    known = _ESCAPES.get(character)
    if known is not None:
        return known
    if character.isprintable():
        return character
    code = ord(character)
    if code <= 0xFFFF:
        return f"\\u{code:04X}"
    return f"\\U{code:08X}"


def written(value: str, *, style: str | None, flow: bool, tagged: bool) -> str:
    """`value` as it is to stand in the text, keeping the quotes that stand there.

    `style` is None (plain), `'` or `"`; `tagged` says that an explicit `!!str` makes plain safe.
    """
    if style == "'" and fits_single_quotes(value):
        return single_quoted(value)
    if style is None and can_be_plain(value, flow=flow) and (tagged or is_string_when_plain(value)):
        return value
    return double_quoted(value)
