"""Alertmanager: which alerts fire now."""

from bot.adapters.alertmanager.client import Alertmanager

__all__ = ["Alertmanager"]
