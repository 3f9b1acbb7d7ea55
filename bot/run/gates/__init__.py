"""Measuring the gates of a promotion: what is demanded is read, judged by the pure gates, and told as verdicts.

One module a family. What raises or cannot be read makes that gate unknown, with the reason; the others go on.
"""

from bot.run.gates.measure import RETRY, measure
from bot.run.gates.waking import wake_for_checks, wake_in_time

__all__ = ["RETRY", "measure", "wake_for_checks", "wake_in_time"]
