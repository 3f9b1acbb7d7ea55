"""Sending a signed webhook through the guarded client: the rules may name the address, so it may be anybody's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from standardwebhooks.webhooks import Webhook as Signer

from bot.adapters.outbound import Answer, Blocked, NoAnswer, Outbound, retry_after
from bot.adapters.webhook.payload import body, ping
from bot.model.tidings import Later, Message, Outcome, Rejected, Sent

TIMEOUT = 10.0
"""Seconds for everything."""
LIMIT = 64 * 1024
"""Bytes of an answer, which nobody reads."""
SIGNED_WRONGLY = frozenset({400, 401, 403})
"""What receivers answer to a signature that is not theirs."""
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
        at = self._clock()
        try:
            found = self._post(url, message.id, body(message), at)
        except (Blocked, NoAnswer) as error:
            return Later(why=str(error))
        if 200 <= found.status < 300:
            return Sent()
        why = f"the webhook's receiver answered {found.status}"
        if found.status in NOT_TAKEN:
            return Rejected(why=why)
        return Later(why=why, after=retry_after(found.headers.get("retry-after"), at))

    def check(self, url: str) -> Outcome:
        """Whether the receiver takes what is signed with this secret, for the doctor: it gets a `lockstep.ping` without
        any tidings, the only question that an address for POST alone and a wrong secret answer truly."""
        at = self._clock()
        try:
            found = self._post(url, f"lockstep-ping-{int(at.timestamp())}", ping(at), at)
        except (Blocked, NoAnswer) as error:
            return Later(why=str(error))
        if 200 <= found.status < 300:
            return Sent()
        more = "; does it verify with this NOTIFY_WEBHOOK_SECRET?" if found.status in SIGNED_WRONGLY else ""
        return Rejected(why=f"the webhook's receiver answered {found.status} to a ping{more}")

    def _post(self, url: str, message_id: str, text: str, at: datetime) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._signer.sign(message_id, at, text),
        }
        return self._outbound.request(
            "POST", url, headers=headers, body=text.encode(), limit=LIMIT, timeout=TIMEOUT
        )
