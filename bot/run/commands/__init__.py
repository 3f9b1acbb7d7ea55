"""Obeying people: what they say in comments and press on check runs, each command in a module of its own.

Every door leads to `obey`, every command to `permitted` before anything happens (attack case 71).
"""

from bot.run.commands.asked import Asked, Look
from bot.run.commands.closing import closed_by
from bot.run.commands.obey import obey
from bot.run.commands.table import AVAILABLE

__all__ = ["AVAILABLE", "Asked", "Look", "closed_by", "obey"]
