"""What a registry has attached to an image: cosign's signatures and attestations, and Sigstore bundles.

Two conventions. Cosign's tags: `sha256-<hex>.sig` and `.att` name a manifest whose layers are the documents
(https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md). OCI 1.1 referrers: an index of the manifests
that name the image as their subject (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers).
Nothing is believed here: bytes are limited, and each must hash to the digest that named it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.model.image import DIGEST

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
DOCUMENT_LIMIT = 1024 * 1024
"""Bytes of one signature, envelope or bundle."""
MOST_DOCUMENTS = 20
"""How many are read of one image; the rest is said to be left out."""


class Unreadable(Exception):
    """An attached manifest or index is not what its media type says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One attached document: its media type, its bytes, and the annotations beside it."""

    media_type: str
    data: bytes = field(repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A pointer to a blob or manifest, as the specification's content descriptors are."""

    media_type: str
    digest: str
    size: int
    artifact_type: str
    annotations: Mapping[str, str]


def descriptors(data: bytes, key: str) -> tuple[Descriptor, ...]:
    """The descriptors under `key` (`layers` of a manifest, `manifests` of an index). Raises Unreadable."""
    try:
        found = json.loads(data)[key]
        return tuple(_descriptor(each) for each in found)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable(f"an attached manifest has no proper {key}") from None


def _descriptor(data: Mapping[str, Any]) -> Descriptor:
    digest, size = data["digest"], data["size"]
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest) or not isinstance(size, int) or size < 0:
        raise ValueError
    notes = data.get("annotations") or {}
    return Descriptor(
        media_type=str(data["mediaType"]),
        digest=digest,
        size=size,
        artifact_type=str(data.get("artifactType", "")),
        annotations={str(name): str(value) for name, value in notes.items()},
    )


def of_type(found: tuple[Descriptor, ...], *media_types: str) -> Iterator[Descriptor]:
    """Those of these types, within the limits of size and number."""
    count = 0
    for each in found:
        if each.media_type in media_types or each.artifact_type in media_types:
            count += 1
            if count > MOST_DOCUMENTS:
                raise Unreadable(f"more than {MOST_DOCUMENTS} documents are attached")
            if each.size > DOCUMENT_LIMIT:
                raise Unreadable(f"an attached document is larger than {DOCUMENT_LIMIT} bytes")
            yield each
