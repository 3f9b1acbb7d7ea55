"""The documents that are signed: cosign's payload, DSSE envelopes, in-toto statements.

https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#simple-signing
https://github.com/secure-systems-lab/dsse/blob/v1.0.0/envelope.md
https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.signatures.refused import NotTrusted

IN_TOTO = "application/vnd.in-toto+json"
STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
COSIGN_SIGNATURE = "https://sigstore.dev/cosign/sign/v1"
"""What a statement says that is a signature of an image and nothing more (cosign 3)."""
_HUB = ("index.docker.io", "docker.io")


def check_payload(data: bytes, repository: str, digest: str) -> None:
    """Cosign's payload must name exactly this image: digest and repository. Raises NotTrusted."""
    try:
        critical = json.loads(data)["critical"]
        kind = critical["type"]
        signed = critical["image"]["docker-manifest-digest"]
        reference = critical["identity"]["docker-reference"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotTrusted("its payload is not what cosign signs") from None
    if kind != "cosign container image signature":
        raise NotTrusted("its payload is not what cosign signs")
    if signed != digest:
        raise NotTrusted(f"it is of another image, {_short(signed)}")
    if _hub(reference) != _hub(repository):
        raise NotTrusted(f"it is of an image in another repository, {_short(reference)}")


def _hub(reference: Any) -> str:
    """Docker Hub has two names; everything else is compared as it is written."""
    host, slash, path = str(reference).partition("/")
    return f"{_HUB[0] if host in _HUB else host}{slash}{path}"


def _short(value: Any) -> str:
    return str(value)[:100]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A DSSE envelope with exactly one signature."""

    payload_type: str
    payload: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def signed(self) -> bytes:
        """The bytes that are signed: DSSE's pre-authentication encoding."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


def envelope(data: Mapping[str, Any]) -> Envelope:
    """Reads an envelope. Raises NotTrusted."""
    try:
        (signature,) = data["signatures"]
        return Envelope(
            payload_type=str(data["payloadType"]),
            payload=decoded(data["payload"]),
            signature=decoded(signature["sig"]),
        )
    except (ValueError, KeyError, TypeError):
        raise NotTrusted("it is no envelope with one signature") from None


def decoded(text: Any) -> bytes:
    """Base64, strictly. Raises ValueError."""
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise ValueError from error


def document(data: bytes) -> Mapping[str, Any]:
    """A JSON object. Raises NotTrusted."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotTrusted("it is no JSON object")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What an in-toto statement says of its subject."""

    predicate_type: str
    predicate: Mapping[str, Any]


def statement(payload_type: str, payload: bytes, digest: str) -> Statement:
    """The statement in a verified envelope, which must be about exactly this image. Raises NotTrusted."""
    if payload_type != IN_TOTO:
        raise NotTrusted(f"it holds {payload_type[:80]}, not an in-toto statement")
    data = document(payload)
    try:
        kind, subjects = data["_type"], [each["digest"].get("sha256") for each in data["subject"]]
        predicate_type, predicate = str(data["predicateType"]), data.get("predicate") or {}
    except (KeyError, TypeError, AttributeError):
        raise NotTrusted("its statement is incomplete") from None
    if kind not in STATEMENTS or not isinstance(predicate, dict):
        raise NotTrusted("its statement is of a kind that is not known")
    if digest.removeprefix("sha256:") not in subjects:
        raise NotTrusted("its statement is about another image")
    return Statement(predicate_type=predicate_type, predicate=predicate)
