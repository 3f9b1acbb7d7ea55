"""Sending a signed webhook through the guarded client: the rules may name the address, so it may be anybody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from standardwebhooks.webhooks import Webhook as Signer

from bot.adapters.outbound import Blocked, NoAnswer, Outbound, retry_after
from bot.adapters.webhook.payload import body
from bot.model.tidings import Later, Message, Outcome, Rejected, Sent

TIMEOUT = 10.0
"""Seconds for everything."""
LIMIT = 64 * 1024
"""Bytes of an answer, which nobody reads."""
GONE = frozenset({401, 403, 407, 410})
"""What a receiver says of an address that it takes nothing at, or not from us."""
NOT_TAKEN = frozenset({400, 413, 415, 422})
"""The receiver works and refuses this message; anything else may be mended while it waits."""


class Webhook:
    """Signs with one secret. Addresses of `own` may be private, others may not. Safe between threads."""

    def __init__(self, secret: bytes, *, clock: Callable[[], datetime], own: str | None = None) -> None:
        self._signer = Signer(secret)
        self._clock = clock
        self._outbound = Outbound([own] if own else [])

    def send(self, url: str, message: Message) -> Outcome:
        """Sends once. The id stays when it is sent again, so that a receiver can leave the second out."""
        text, at = body(message), self._clock()
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(message.id, at, text),
        }
        try:
            found = self._outbound.request(
                "POST", url, headers=headers, body=text.encode(), limit=LIMIT, timeout=TIMEOUT
            )
        except (Blocked, NoAnswer) as error:
            return Later(why=str(error))
        if 200 <= found.status < 300:
            return Sent()
        why = f"the webhook's receiver answered {found.status}"
        if found.status in NOT_TAKEN:
            return Rejected(why=why)
        return Later(why=why, after=retry_after(found.headers.get("retry-after"), at))

    def check(self, url: str) -> Outcome:
        """Whether somebody listens, for the doctor: `HEAD` posts nothing, so a receiver may refuse it and be well."""
        try:
            found = self._outbound.request("HEAD", url, limit=LIMIT, timeout=TIMEOUT)
        except (Blocked, NoAnswer) as error:
            return Later(why=str(error))
        if found.status < 500 and found.status not in GONE:
            return Sent()
        return Rejected(why=f"the webhook's receiver answered {found.status}")
