"""What has come onto the default branch since it was looked at last: changed rules, and direct pushes (rows R8, P11).

How far it was looked at is a mark, so a webhook that got lost costs a delay (the sweep asks the same), and asking again
is quiet. A change of the rules is one ledger row; a push past pull requests that touches managed files is one, and a
failing check run on the commit.
"""

from bot.run.landed.watch import settles_at, watch

__all__ = ["settles_at", "watch"]
