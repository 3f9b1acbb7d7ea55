"""An independent reader of values files, for the bump's tests and bench: PyYAML's events and nothing of the bump.

What was meant by a real commit, and what harm an edit did, are judged here, so that the bump does not judge itself.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.decide.bump import ScalarEdit

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TESTS_DATA = Path(__file__).resolve().parents[2] / "data" / "bump"
PAIRS = ("image-bumps", "helm-values-derived")
FILES = ("helm-values", "kustomize", "release-manifests")
IMAGE_KEY = re.compile(r"(?i)^(new|image)?(tag|digest|image)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One scalar value as an independent reader sees it: document, JSON Pointer, value, quotes, first and last line."""

    document: int
    pointer: str
    value: str
    style: str
    first: int
    last: int


def corpus() -> Path:
    """The folder to run over: LOCKSTEP_CORPUS, or the data that comes with the tests."""
    return Path(os.environ.get("LOCKSTEP_CORPUS") or TESTS_DATA)


def pairs(root: Path) -> list[Path]:
    """Folders with a `before.yaml` and the `after.yaml` of the real commit."""
    return sorted(p.parent for name in PAIRS for p in (root / name).glob("*/before.yaml"))


def values_files(root: Path) -> list[Path]:
    """Whole values files, manifests and kustomizations."""
    return sorted(p for name in FILES for p in (root / name).rglob("*.y*ml"))


def leaves(data: bytes) -> list[Leaf]:
    """Every scalar value, in order, read with nothing but PyYAML's events (aliases stand for themselves).

    Raises yaml.YAMLError for what is not YAML.
    """
    found: list[Leaf] = []
    document = -1
    path: list[
        list[Any]
    ] = []  # per open collection: is it a mapping, items seen, its last key, is the next one a key
    for event in yaml.parse(data.decode("utf-8-sig"), Loader=LOADER):
        if isinstance(event, yaml.DocumentStartEvent):
            document += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            path.pop()
        elif isinstance(event, yaml.NodeEvent):
            is_key = _step(path, event)
            if isinstance(event, yaml.ScalarEvent) and not is_key:
                lines = event.start_mark.line, event.end_mark.line
                pointer = "".join(f"/{_token(level)}" for level in path)
                found.append(
                    Leaf(
                        document=document,
                        pointer=pointer,
                        value=event.value,
                        style=event.style or "",
                        first=lines[0],
                        last=lines[1],
                    )
                )
            if isinstance(event, yaml.CollectionStartEvent):
                path.append([isinstance(event, yaml.MappingStartEvent), -1, None, False])
    return found


def _step(path: list[list[Any]], event: Any) -> bool:
    """Move on in the innermost collection; True when the event is a mapping key."""
    if not path:
        return False
    level = path[-1]
    if not level[0]:
        level[1] += 1
        return False
    level[3] = not level[3]
    if level[3]:
        level[2] = event.value if isinstance(event, yaml.ScalarEvent) else "?"
    return bool(level[3])


def _token(level: list[Any]) -> str:
    return str(level[2]).replace("~", "~0").replace("/", "~1") if level[0] else str(level[1])


def meant_edits(before: bytes, after: bytes) -> list[ScalarEdit] | None:
    """The scalars that a commit changed; None when it changed more than values."""
    old, new = leaves(before), leaves(after)
    if [(leaf.document, leaf.pointer) for leaf in old] != [(leaf.document, leaf.pointer) for leaf in new]:
        return None
    return [
        ScalarEdit(pointer=b.pointer, value=b.value, document=b.document)
        for a, b in zip(old, new, strict=True)
        if (a.value, a.style) != (b.value, b.style)
    ]


def only_values_changed(before: bytes, after: bytes) -> bool:
    """Whether comments and keys stand as they were: what follows a `#`, and the number of keys, is the same."""
    edits = meant_edits(before, after)
    comments = [re.findall(rb"(?m)(?:^|[ \t])#.*$", data) for data in (before, after)]
    return edits is not None and comments[0] == comments[1]


def harm(before: bytes, after: bytes, leaf: Leaf, value: str) -> str:
    """What an edit of one scalar did beyond it; empty when nothing."""
    expected = [value if old == leaf else old.value for old in leaves(before)]
    if expected != [new.value for new in leaves(after)]:
        return "another value changed"
    lines, edited = before.split(b"\n"), after.split(b"\n")
    tail = len(lines) - 1 - leaf.last
    if lines[: leaf.first] != edited[: leaf.first] or (tail > 0 and lines[-tail:] != edited[-tail:]):
        return "another line changed"
    return ""
