"""JSON with one meaning: UTF-8, no key twice, no NaN or infinity, bounded nesting; and a cursor to walk in it.

Two readers must not see two documents (attack case 35), and a number that is no number never passes a threshold.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from bot.adapters.reports.refused import check_size, refuse, shown
from bot.model.strict_json import Twice, once

MAX_DEPTH = 100
MAX_COLLECTIONS = 200_000
"""Objects and lists in one document; real reports have one for 50 to 150 bytes."""
MAX_COUNT = 10**15
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Possessive, and taking an unclosed string to the end: never looks at a byte twice."""
_BRACKET = re.compile(rb"[\[\]{}]")


class _NoNumber(ValueError):
    """NaN, Infinity, or a number beyond what can be held."""


def load_json(data: bytes, *, name: str) -> Cursor:
    """A cursor at the document's top. Raises ReportRefused naming the file and what is wrong."""
    check_size(data, name=name)
    _check_shape(_STRING.sub(b"", data), name)
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=once,
            parse_constant=_constant,
            parse_float=_number,
        )
    except UnicodeDecodeError as error:
        refuse(name, f"is not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        # `error.msg` is one of the parser's fixed phrases, nothing of the document.
        refuse(name, f"is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}")
    except Twice:
        refuse(name, "has a key twice in one object, so it is not clear which value counts")
    except (_NoNumber, RecursionError, ValueError):  # ValueError: more digits than Python converts
        refuse(name, "holds NaN, Infinity or a number beyond all bounds, which JSON does not know")
    return Cursor(file=name, value=value)


def _check_shape(bare: bytes, name: str) -> None:
    """Bounds the brackets of a document without its strings, before anything is built of them."""
    if bare.count(b"{") + bare.count(b"[") > MAX_COLLECTIONS:
        refuse(name, f"has more than {MAX_COLLECTIONS} objects and lists; upload a smaller report")
    deepest = now = 0
    for bracket in _BRACKET.findall(bare):
        now += 1 if bracket in b"[{" else -1
        deepest = max(deepest, now)
    if deepest > MAX_DEPTH:
        refuse(name, f"is nested deeper than {MAX_DEPTH} levels")


def _constant(_: str) -> NoReturn:
    raise _NoNumber


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _NoNumber
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A value of the document and where it stands (`runs[0].results`); None also stands for absent."""

    file: str
    value: object
    parent: Cursor | None = None
    key: str = ""

    @property
    def path(self) -> str:
        """Where it stands; put together only when somebody asks, because reports have many values."""
        if self.parent is None:
            return ""
        above = self.parent.path
        return f"{above}.{self.key}" if above and not self.key.startswith("[") else f"{above}{self.key}"

    @property
    def absent(self) -> bool:
        """Whether it is missing or null."""
        return self.value is None

    def is_object(self, *keys: str) -> bool:
        """Whether it is an object with all of these keys."""
        return isinstance(self.value, dict) and all(key in self.value for key in keys)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.value, list)

    def __getitem__(self, key: str) -> Cursor:
        """A field of an object; absent if the object has none. Refused when this is no object."""
        return self._at(key, self.fields().get(key))

    def fields(self) -> dict[str, object]:
        """The object itself; absent is an empty one."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            self.wrong("an object")
        return self.value

    def members(self) -> Iterator[tuple[str, Cursor]]:
        """Every field of the object; absent has none."""
        for key, value in self.fields().items():
            yield key, self._at(key, value)

    def each(self) -> Sequence[Cursor]:
        """The members of a list; absent has none."""
        if self.value is None:
            return ()
        if not isinstance(self.value, list):
            self.wrong("a list")
        return tuple(
            Cursor(file=self.file, value=value, parent=self, key=f"[{number}]")
            for number, value in enumerate(self.value)
        )

    def text(self) -> str:
        """A string; absent is empty."""
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            self.wrong("a string")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.wrong("true or false")
        return self.value

    def count(self) -> int:
        """A whole number from 0 to `MAX_COUNT`; `3.0` is one."""
        number = self.number()
        if number is None or number < 0 or not number.is_integer():
            self.wrong("a whole number of at least 0")
        return int(number)

    def number(self) -> float | None:
        """A number of ordinary size, which a float holds exactly when it is whole; None for everything else."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_COUNT:
            return None
        return float(value)

    def wrong(self, wanted: str) -> NoReturn:
        """Refuses the document because this is not what it should be."""
        refuse(self.file, f"has at {shown(self.path) or 'its top'} something else than {wanted}")

    def _at(self, key: str, value: object) -> Cursor:
        return Cursor(file=self.file, value=value, parent=self, key=key)
