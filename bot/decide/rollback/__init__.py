"""Going back: what to undo, to what, whether it may happen by itself, and in which words (rows R6, P8, B3, G4).

Pure. The environment's look reads the facts and carries out what is decided here, one rollback at a time.
"""

from bot.decide.rollback.choosing import chosen
from bot.decide.rollback.facts import Bump, Plan, Refused, RollbackFacts
from bot.decide.rollback.planning import plan
from bot.decide.rollback.rails import Lock, locked
from bot.decide.rollback.rules_for import rules_for, switched_off
from bot.decide.rollback.vetoing import vetoed

__all__ = [
    "Bump",
    "Lock",
    "Plan",
    "Refused",
    "RollbackFacts",
    "chosen",
    "locked",
    "plan",
    "rules_for",
    "switched_off",
    "vetoed",
]
