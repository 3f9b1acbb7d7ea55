"""Telling people (row P10): which ledger rows are told, in which words, by which channel, and in how many messages.

All pure. `told` maps a row to a tiding, `silent` lists what is left unsaid and why, `routing` finds the channels by the
rules, `grouping` makes messages of what waits, `plan` is what the store keeps of the rules.
"""

from bot.decide.notify.grouping import QUIET, Grouped, due
from bot.decide.notify.plan import Plan, from_json, plan_of, to_json
from bot.decide.notify.routing import route
from bot.decide.notify.silent import SILENT
from bot.decide.notify.told import TOLD, Place, tiding

__all__ = [
    "QUIET",
    "SILENT",
    "TOLD",
    "Grouped",
    "Place",
    "Plan",
    "due",
    "from_json",
    "plan_of",
    "route",
    "tiding",
    "to_json",
]
