"""The queue's working side: Procrastinate runs the looks that `store.queue.wake` asked for.

`work` is a worker process; `drain` does all that is due in the caller's thread, for tests and one-off commands.
"""

from bot.adapters.queue.drain import drain
from bot.adapters.queue.worker import Handle, Pace, Worker, work

__all__ = ["Handle", "Pace", "Worker", "drain", "work"]
