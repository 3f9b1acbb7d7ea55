"""Posting to an incoming webhook. Its address is a secret: whoever knows it can post."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from http.client import HTTPException

from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.adapters.outbound import retry_after
from bot.adapters.slack.blocks import payload
from bot.model.tidings import Later, Message, Outcome, Rejected, Sent

TIMEOUT = 10
"""Seconds."""
NOT_TAKEN = frozenset(
    {"invalid_blocks", "invalid_payload", "no_text", "too_many_attachments", "invalid_blocks_format"}
)
"""Slack's words for a message that it will never take: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

_quiet = logging.getLogger(f"{__name__}.library")
_quiet.setLevel(logging.CRITICAL)  # it writes the address, a secret, and every body into its debug log


class Slack:
    """One incoming webhook. Safe between threads."""

    def __init__(self, url: str, *, clock: Callable[[], datetime]) -> None:
        # The job retries, with a wait that outlives this process; the library would retry at once.
        self._client = WebhookClient(url, timeout=TIMEOUT, retry_handlers=[], logger=_quiet)
        self._clock = clock

    def send(self, message: Message, mention: str | None) -> Outcome:
        """Posts once."""
        found = payload(message, mention)
        try:
            answer = self._client.send(text=found["text"], blocks=found["blocks"])
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            return Later(why=f"Slack did not answer ({type(error).__name__})")
        if answer.status_code == 200:
            return Sent()
        said = answer.body.strip()
        if answer.status_code == 400 and (said in NOT_TAKEN or said.startswith("invalid_blocks")):
            return Rejected(why=f"Slack answered 400: {said[:100]}")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Later(
            why=_why(answer.status_code), after=retry_after(headers.get("retry-after"), self._clock())
        )

    def check(self) -> Outcome:
        """Whether the webhook would take a message, for the doctor: nothing is posted, for nothing is in it, and Slack
        says so only after it has found the webhook and its channel."""
        try:
            answer = self._client.send_dict({"text": ""})
        except (OSError, HTTPException, SlackClientError, ValueError) as error:
            return Later(why=f"Slack did not answer ({type(error).__name__})")
        if answer.status_code in (200, 400):
            return Sent()
        return Rejected(why=_why(answer.status_code))


def _why(status: int) -> str:
    if status == 429:
        return "Slack asks for patience (429)"
    if status in (403, 404, 410):
        return f"Slack answered {status}: the webhook was revoked or its channel is gone; renew SLACK_WEBHOOK_URL"
    return f"Slack answered {status}"
