"""Prometheus: instant queries over its HTTP API, and the shipped questions of the gates."""

from bot.adapters.prometheus.client import Prometheus
from bot.adapters.prometheus.queries import Scope
from bot.adapters.prometheus.readings import Measures

__all__ = ["Measures", "Prometheus", "Scope"]
