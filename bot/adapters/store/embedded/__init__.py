"""The embedded PostgreSQL: what runs when DATABASE_URL is not set.

`ensure(home)` starts the server of a home, or finds it running, and returns a conninfo. Every process that
called it holds a shared lock on a file of the home for as long as it lives; the kernel drops that lock
however the process ends. The last one that leaves in an orderly way stops the server, so `web` and `worker`
come and go as they like, and nothing is left running. `stop(home)` stops it at once, whoever uses it.
"""

from bot.adapters.store.embedded.server import ensure, stop

__all__ = ["ensure", "stop"]
