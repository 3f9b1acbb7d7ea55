"""Reading a request's body under a limit, also when it does not say how long it is (attack case 5).

The body is read from `wsgi.input` directly: nothing is parsed or spooled before the signature is checked.
"""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import Any

from gunicorn.http.errors import ParseException

from bot.web.patience import Patience

LIMIT = 26_214_400
"""Bytes. GitHub sends no payload larger than 25 MB:
https://docs.github.com/webhooks/webhook-events-and-payloads#payload-cap"""

DEADLINE = 10.0
"""Seconds. GitHub itself gives a delivery up after ten."""

_STEP = 1 << 16
_PATIENCE = Patience(DEADLINE)


class TooLarge(Exception):
    """The body is longer than the limit."""


class Broken(Exception):
    """The body could not be read: a malformed length, or a client that stopped sending."""


def declared_length(environ: dict[str, Any], limit: int = LIMIT) -> int | None:
    """What Content-Length says, or None. Raises TooLarge when over the limit, Broken when malformed."""
    text = environ.get("CONTENT_LENGTH") or None
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Broken("Content-Length is not a number")
    # Compared by length first: int() of a very long text is refused by Python.
    if len(text) > 12 or int(text) > limit:
        raise TooLarge
    return int(text)


def read(environ: dict[str, Any], length: int | None, limit: int = LIMIT) -> bytes:
    """The whole body, at most `limit` bytes; `length` comes from `declared_length`.

    Raises TooLarge as soon as one byte more arrives, and Broken when the client is too slow, cuts off, or does not
    keep to the rules of chunks.
    """
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""  # the server cannot tell where the body ends, so there is none (PEP 3333)
    connection = environ.get("gunicorn.socket")
    watched = nullcontext() if connection is None else _PATIENCE.over(connection)
    try:
        with watched:
            body = _read(environ["wsgi.input"], limit + 1 if length is None else length)
    except (OSError, ParseException) as error:
        raise Broken("the body could not be read") from error
    if len(body) > limit:
        raise TooLarge
    if length is not None and len(body) < length:
        raise Broken("the body is shorter than its Content-Length, or took too long")
    return body


def _read(stream: Any, wanted: int) -> bytes:
    """At most `wanted` bytes; fewer when the stream ends."""
    if wanted <= _STEP:
        return bytes(stream.read(wanted))  # nearly every delivery
    body = io.BytesIO()  # hands its memory over at the end, where joining pieces would need it twice
    while body.tell() < wanted and (piece := stream.read(min(_STEP, wanted - body.tell()))):
        body.write(piece)
    return body.getvalue()
