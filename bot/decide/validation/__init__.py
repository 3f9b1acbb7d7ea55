"""The production validation, decided: which runs count, what they came to, whether deployments may pass, and what
people are told (rows C1 to C6). Pure; facts are read by `bot.run.validation`."""

from __future__ import annotations

from bot.decide.validation.alert import EVENT, alert, alert_of
from bot.decide.validation.judging import current_reports, judged, not_counted
from bot.decide.validation.standing import Standing, standing
from bot.decide.validation.steps import next_steps

__all__ = [
    "EVENT",
    "Standing",
    "alert",
    "alert_of",
    "current_reports",
    "judged",
    "next_steps",
    "not_counted",
    "standing",
]
