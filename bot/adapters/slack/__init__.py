"""Slack, by incoming webhooks: Block Kit with every limit kept and nothing unescaped (attack case 92)."""

from bot.adapters.slack.client import Slack

__all__ = ["Slack"]
