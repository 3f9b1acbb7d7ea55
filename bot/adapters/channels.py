"""The channels of this installation: which have their settings, and one way to send by any of them.

What is a secret of ours is blacked out in every message, whatever row it came from (attack case 93).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.adapters.email import Mail
from bot.adapters.slack import Slack
from bot.adapters.webhook import Webhook
from bot.model.policy_after import Channel
from bot.model.tidings import Message, Outcome, Tiding
from bot.settings import Settings


class Channels:
    """The `Messenger` of `bot.model.ports_notify`. Safe between threads."""

    def __init__(
        self, settings: Settings, *, redact: Callable[[str], str], clock: Callable[[], datetime]
    ) -> None:
        self._redact = redact
        self._slack: Mapping[str, Slack] = {
            name: Slack(url, clock=clock) for name, url in settings.slack_webhook_urls.items()
        }
        self._any_slack = (
            Slack(settings.slack_webhook_url, clock=clock) if settings.slack_webhook_url else None
        )
        self._mail = Mail(settings.smtp_url, settings.smtp_from, clock=clock) if settings.smtp_url else None
        self._webhook_url = settings.notify_webhook_url
        self._webhook = (
            Webhook(settings.notify_webhook_secret, clock=clock, own=settings.notify_webhook_url)
            if settings.notify_webhook_secret
            else None
        )

    def missing(self, name: str, channel: Channel) -> str:
        """The setting that the channel lacks; empty when it can be used."""
        if channel.kind == "slack":
            return "" if name in self._slack or self._any_slack else "SLACK_WEBHOOK_URL"
        if channel.kind == "email":
            return "" if self._mail else "SMTP_URL"
        if not (channel.url or self._webhook_url):
            return "NOTIFY_WEBHOOK_URL"
        return "" if self._webhook else "NOTIFY_WEBHOOK_SECRET"

    def send(self, name: str, channel: Channel, message: Message) -> Outcome:
        """Sends once by the channel's kind. Raises RuntimeError for a channel that lacks a setting."""
        message = self._without_secrets(message)
        slack = self._slack.get(name, self._any_slack)
        if channel.kind == "slack" and slack:
            return slack.send(message, channel.mention)
        if channel.kind == "email" and self._mail:
            return self._mail.send(message, channel.to)
        url = channel.url or self._webhook_url
        if channel.kind == "webhook" and self._webhook and url:
            return self._webhook.send(url, message)
        raise RuntimeError(f"the channel {name} lacks {self.missing(name, channel)}")

    def _without_secrets(self, message: Message) -> Message:
        tidings = tuple(self._clean(each) for each in message.tidings)
        return replace(message, title=self._redact(message.title), tidings=tidings)

    def _clean(self, told: Tiding) -> Tiding:
        return replace(
            told,
            title=self._redact(told.title),
            reason=self._redact(told.reason),
            facts=tuple((name, self._redact(value)) for name, value in told.facts),
            links=tuple(each for each in told.links if self._redact(each.url) == each.url),
            data=None if told.data is None else self._data(told.data),
        )

    def _data(self, value: Any) -> Any:
        """JSON, text by text: blacked out as a whole it might be JSON no more."""
        if isinstance(value, str):
            return self._redact(value)
        if isinstance(value, Mapping):
            return {key: self._data(each) for key, each in value.items()}
        return [self._data(each) for each in value] if isinstance(value, list | tuple) else value
