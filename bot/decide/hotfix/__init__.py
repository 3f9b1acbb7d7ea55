"""Hotfixes: the short way of a fix, what it may skip, what it owes for that, and how it is written up (rows R7, B5).

A hotfix is a promotion of another kind: the same look, record, checks and merge, by rules that `as_hotfix` changes.
"""

from bot.decide.hotfix.confirming import confirmation
from bot.decide.hotfix.lane import as_hotfix, concurrency, goes_apart, takes_hotfixes
from bot.decide.hotfix.skipping import Laid, laid

__all__ = ["Laid", "as_hotfix", "concurrency", "confirmation", "goes_apart", "laid", "takes_hotfixes"]
