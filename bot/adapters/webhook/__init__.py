"""The generic webhook: JSON, signed as Standard Webhooks says (https://www.standardwebhooks.com)."""

from bot.adapters.webhook.client import Webhook

__all__ = ["Webhook"]
