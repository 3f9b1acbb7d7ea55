"""Telling people from the ledger (row P10): keeping who is told what, and the look that tells it.

A ledger row that the rules name a channel for plans the look in its own transaction. Nothing else calls a channel, and
no channel holds up a promotion: the look is a job of its own.
"""

from bot.run.notify.keeping import keep_plan
from bot.run.notify.looking import look_tidings
from bot.run.notify.pulls import remember_waits

__all__ = ["keep_plan", "look_tidings", "remember_waits"]
