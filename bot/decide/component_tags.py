"""Is this a well-formed `component-tags.json`? Strict, and refused as a whole when anything is off (row R1).

The file says which image of each component a workflow run built:

    {"api": {"tag": "1.7.3", "sha": "3f2a91c", "digest": "sha256:…64 hex digits…"}, …}

A lenient reader would let two readers see two different files (duplicate keys, `NaN`, trailing bytes: attack
case 35), so nothing is repaired or guessed. Errors name the field's path and never its content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NoReturn

from bot.errors import ArtifactRefused
from bot.model.image import COMMIT, DIGEST, TAG, ComponentTag, ComponentTags

FILE_NAME = "component-tags.json"
MAX_BYTES = 256 * 1024
MAX_COMPONENTS = 500
MAX_STRING = 256

COMPONENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
"""A component's name; it becomes part of a values path and of titles. Use `fullmatch`."""

_SAFE_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,31}", re.ASCII)
_EXAMPLE = '{"api": {"tag": "1.7.3", "sha": "<commit>", "digest": "sha256:<64 hex digits>"}}'


class _Pairs(list[tuple[str, object]]):
    """A JSON object with its keys in order and duplicates kept."""


def parse_component_tags(data: bytes) -> ComponentTags:
    """Reads the member's bytes into component name → `ComponentTag`.

    Raises ArtifactRefused (code "bad_component_tags") whose `field` is empty or a path such as `api.digest`.
    The text holds no content of the file other than names that match the grammar (attack cases 35, 37).
    """
    document = _load(data)
    if not isinstance(document, _Pairs):
        _refuse("", f"must be a JSON object of components, like {_EXAMPLE}")
    if not document:
        _refuse("", f"names no component; expected something like {_EXAMPLE}")
    if len(document) > MAX_COMPONENTS:
        _refuse("", f"names more than {MAX_COMPONENTS} components")
    tags: dict[str, ComponentTag] = {}
    for position, (name, entry) in enumerate(document, start=1):
        if not COMPONENT.fullmatch(name):
            _refuse(
                f"(component {position})",
                "the component's name must be lowercase letters, digits, dots, underscores and hyphens, "
                "start with a letter or digit, and have at most 63 characters",
            )
        if name in tags:
            _refuse(name, "appears twice; every component must appear once")
        tags[name] = _component(name, entry)
    return tags


def _load(data: bytes) -> object:
    if len(data) > MAX_BYTES:
        _refuse("", f"is larger than {MAX_BYTES // 1024} KB")
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        _refuse("", "starts with a byte order mark; write plain UTF-8 without one")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_Pairs, parse_constant=_constant)
    except UnicodeDecodeError as error:
        _refuse("", f"is not UTF-8 at byte {error.start}")
    except json.JSONDecodeError as error:
        # `error.msg` is one of the parser's fixed phrases; the document itself stays out of the message.
        _refuse("", f"is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}")
    except RecursionError:
        _refuse("", "is nested too deeply; components are one level deep")
    except ValueError:  # an integer of more digits than Python converts
        _refuse("", "holds a number that is too long; all values are strings")


def _constant(_: str) -> NoReturn:
    _refuse("", "holds NaN or Infinity, which are not JSON; all values are strings")


def _component(name: str, entry: object) -> ComponentTag:
    if not isinstance(entry, _Pairs):
        _refuse(name, 'must be an object with the strings "tag", "sha" and "digest"')
    values: dict[str, str] = {}
    for position, (key, value) in enumerate(entry, start=1):
        path = f"{name}.{key}" if _SAFE_FIELD.fullmatch(key) else f"{name}.(field {position})"
        if key not in _RULES:
            _refuse(path, 'is not a known field; only "tag", "sha" and "digest" are allowed')
        if key in values:
            _refuse(path, "appears twice")
        if not isinstance(value, str):
            _refuse(path, "must be a string in double quotes")
        if len(value) > MAX_STRING:
            _refuse(path, f"is longer than {MAX_STRING} characters")
        if problem := _RULES[key](value):
            _refuse(path, problem)
        values[key] = value
    for key in _RULES:
        if key not in values:
            _refuse(f"{name}.{key}", "is missing")
    return ComponentTag(tag=values["tag"], sha=values["sha"], digest=values["digest"])


def _tag_problem(value: str) -> str | None:
    if not TAG.fullmatch(value):
        return (
            "is not an image tag: letters, digits, dots, underscores and hyphens, at most 128 characters, "
            "without repository, `:` or `@`"
        )
    if value.lower() == "latest":
        # Attack case 37: it moves and says nothing about what is deployed; the tag is for people to read.
        return (
            "is `latest`, which moves and tells nobody what runs; give the version or build that was pushed"
        )
    return None


def _sha_problem(value: str) -> str | None:
    return None if COMMIT.fullmatch(value) else "is not a commit id of 7 to 40 lowercase hex digits"


def _digest_problem(value: str) -> str | None:
    return None if DIGEST.fullmatch(value) else "is not `sha256:` followed by exactly 64 lowercase hex digits"


_RULES: dict[str, Callable[[str], str | None]] = {
    "tag": _tag_problem,
    "sha": _sha_problem,
    "digest": _digest_problem,
}


def _refuse(field: str, problem: str) -> NoReturn:
    message = problem if field else f"{FILE_NAME} {problem}"
    raise ArtifactRefused(message, code="bad_component_tags", field=field) from None
