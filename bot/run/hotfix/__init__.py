"""Hotfixes: made known, on their way, confirmed; and once merged, their debt and their postmortem (rows R7, B5).

`declare` and `make` say that a release is one; the environment's look brings it on by `lane`; the pull request's look
reads with `read` what a hotfix holds or is held by; `landed` keeps what follows from a merge, `owed` what is not paid.
"""

from bot.run.hotfix.confirmed import confirm
from bot.run.hotfix.declaring import declare, make
from bot.run.hotfix.landed import landed
from bot.run.hotfix.lane import lane, paced, read, rivals, wake_rivals
from bot.run.hotfix.opening import opened

__all__ = ["confirm", "declare", "landed", "lane", "make", "opened", "paced", "read", "rivals", "wake_rivals"]
