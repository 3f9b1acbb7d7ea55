"""Deployments: recorded while the pull request is open, watched from the merge until they are proven, or failed."""

from bot.run.deploying.look import look_deployment
from bot.run.deploying.record import approved, closed, merged, opened, origins, wake_awaiting, wake_underway

__all__ = [
    "approved",
    "closed",
    "look_deployment",
    "merged",
    "opened",
    "origins",
    "wake_awaiting",
    "wake_underway",
]
