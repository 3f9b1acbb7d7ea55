"""Rego, evaluated by `regopy` (Microsoft's rego-cpp) in a child process with limits. See `engine`."""

from bot.adapters.rego.engine import Rego
from bot.adapters.rego.shipped import shipped

__all__ = ["Rego", "shipped"]
