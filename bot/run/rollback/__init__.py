"""Going back: asked for, opened, merged, proven; with the veto, the hold and the clock (rows R6, P8, B3).

`ask` is the way in for every door (command, command line, alert, failed verification); the environment's look opens and
renews the pull request (`look`); the pull request's look tells when it has landed (`landed`), and verification when the
environment is well again (`healthy`, `not_healthy`), or that nothing there tells (`unwatched`).
"""

from bot.run.rollback.after import Closing, healthy, landed, not_healthy, unwatched
from bot.run.rollback.asking import ask, failed_deploy
from bot.run.rollback.looking import branches, look

__all__ = [
    "Closing",
    "ask",
    "branches",
    "failed_deploy",
    "healthy",
    "landed",
    "look",
    "not_healthy",
    "unwatched",
]
