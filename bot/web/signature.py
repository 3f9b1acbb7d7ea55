"""GitHub's webhook signature: HMAC-SHA256 over the raw body, compared in constant time (attack cases 1 to 3).

https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
"""

from __future__ import annotations

import hashlib
import hmac
import re

_HEADER = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def claimed(header: str | None) -> bytes | None:
    """The 32 bytes that `X-Hub-Signature-256` claims; None for anything but exactly one such signature."""
    match = _HEADER.fullmatch(header) if header is not None else None
    return bytes.fromhex(match[1]) if match else None


def is_genuine(secret: bytes, body: bytes, signature: bytes) -> bool:
    """Whether `signature` (from `claimed`) was made over exactly these bytes with this secret."""
    return hmac.compare_digest(hmac.digest(secret, body, hashlib.sha256), signature)
