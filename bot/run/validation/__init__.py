"""The production validation at work: runs judged, deployments answered, incidents kept (rows C1 to C6, B8).

One subject a config repository, so that a storm of failures is one incident. `concerned` is how the other looks know
whom an event of a validated or blocked repository concerns, without reading any rules.
"""

from __future__ import annotations

from bot.run.validation.concerned import overheard, wake_by_rules, wake_concerned
from bot.run.validation.elsewhere import hand_over
from bot.run.validation.look import look_validation

__all__ = ["hand_over", "look_validation", "overheard", "wake_by_rules", "wake_concerned"]
