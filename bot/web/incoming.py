"""A request to the webhook, from bytes to payload, or the reason why it is not taken (attack cases 1 to 7)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from bot.web import body, signature
from bot.web.metrics import Refusal

_EVENT = re.compile(r"[a-z_]{1,64}", re.ASCII)
_DELIVERY = re.compile(r"[0-9A-Za-z-]{1,64}", re.ASCII)


class Refused(Exception):
    """The request is not taken. `text` is for the sender and repeats nothing that the sender sent."""

    def __init__(self, status: int, reason: Refusal, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason
        self.text = text


def genuine_body(environ: dict[str, Any], secret: bytes) -> bytes:
    """The raw body, once its signature is right."""
    try:
        length = body.declared_length(environ)
        claimed = signature.claimed(environ.get("HTTP_X_HUB_SIGNATURE_256"))
        if claimed is None:
            _unsigned()
        raw = body.read(environ, length)
    except body.TooLarge:
        raise Refused(413, Refusal.SIZE, "larger than 25 MB") from None
    except body.Broken as broken:
        raise Refused(400, Refusal.BROKEN, str(broken)) from None
    if not signature.is_genuine(secret, raw, claimed):
        _unsigned()
    return raw


def _unsigned() -> NoReturn:
    raise Refused(401, Refusal.SIGNATURE, "X-Hub-Signature-256 is missing or wrong")


def names(environ: Mapping[str, Any]) -> tuple[str, str]:
    """The event's name and the delivery's id (attack case 6)."""
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Refused(400, Refusal.HEADERS, "set the webhook's content type to application/json")
    event = environ.get("HTTP_X_GITHUB_EVENT", "")
    if not _EVENT.fullmatch(event):
        raise Refused(400, Refusal.HEADERS, "X-GitHub-Event is missing or malformed")
    delivery_id = environ.get("HTTP_X_GITHUB_DELIVERY", "")
    if not _DELIVERY.fullmatch(delivery_id):
        raise Refused(400, Refusal.HEADERS, "X-GitHub-Delivery is missing or malformed")
    return event, delivery_id


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def parse(raw: bytes) -> Mapping[str, Any]:
    """The payload, a JSON object in UTF-8 (attack case 7)."""
    try:
        payload = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Refused(400, Refusal.MALFORMED, "the payload is not JSON that can be read") from None
    if not isinstance(payload, dict):
        raise Refused(400, Refusal.MALFORMED, "the payload is not a JSON object")
    return payload
