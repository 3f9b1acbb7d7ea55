"""Container images as values: what a component runs, and the grammar that a tag and a digest must obey."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
"""The canonical digest, the only spelling accepted (attack case 37). Use `fullmatch`, so a final newline fails."""

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", re.ASCII)
"""An OCI tag: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests"""

COMMIT = re.compile(r"[0-9a-f]{7,40}", re.ASCII)
"""A commit id, possibly abbreviated to no fewer than seven digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What is to stand in a values file: the tag is for people, the digest is what is deployed."""

    repository: str | None
    tag: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAt:
    """What stands in a values file now; None where the file does not say. `line` counts from 1."""

    repository: str | None
    tag: str | None
    digest: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentTag:
    """One entry of `component-tags.json` (row R1)."""

    tag: str
    sha: str
    digest: str


ComponentTags = Mapping[str, ComponentTag]


def short_digest(digest: str) -> str:
    """The first twelve hex digits, as people read them aloud: `sha256:0123456789ab`."""
    return digest[: len("sha256:") + 12]
