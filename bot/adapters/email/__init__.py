"""E-mail by SMTP, with the standard library: one letter with a text that reads well and the same as HTML."""

from bot.adapters.email.client import Mail

__all__ = ["Mail"]
