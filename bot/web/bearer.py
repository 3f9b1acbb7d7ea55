"""Doors that take a shared token, compared in constant time before the body is read (attack cases 3, 83)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from bot.web.incoming import Refused
from bot.web.metrics import Refusal

PREFIX = b"Bearer "


def demand(environ: Mapping[str, Any], token: str | None) -> None:
    """Raises Refused (401) unless the request carries exactly this token in its header; None lets nobody in.

    A token in the query string is none: addresses stand in logs.
    """
    given = str(environ.get("HTTP_AUTHORIZATION", "")).encode("latin-1", "replace")
    # Compared also when there is no token to compare with, so that the time tells nothing.
    right = hmac.compare_digest(given, PREFIX + (token or "").encode())
    if token is None or not right:
        raise Refused(401, Refusal.TOKEN, "the bearer token is missing or wrong")
