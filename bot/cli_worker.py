"""`lockstep worker`: the process that works on what was received, and sweeps on a timer."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from bot.errors import LockstepError, UserError

if TYPE_CHECKING:
    from bot.wiring import Works

log = logging.getLogger(__name__)

SWEEP_EVERY = timedelta(minutes=5)


@click.command("worker")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Looks at a time."
)
@click.option(
    "--sweep-every",
    type=click.FloatRange(1),
    default=SWEEP_EVERY.total_seconds(),
    show_default=True,
    help="Seconds between sweeps, which find what lost webhooks left out.",
)
def worker(concurrency: int, sweep_every: float) -> None:
    """Work on what was received: look, decide, write to GitHub.

    Any number of workers may run, on any number of hosts; one subject is never looked at twice at the same
    time. SIGTERM finishes the running looks. Logs are JSON lines on standard error.

    \b
    Example:
      lockstep worker --concurrency 4
    """
    from bot.adapters.queue import work as work_on_queue
    from bot.logging import configure
    from bot.wiring import settings_from_environment, works
    from bot.worker import work

    try:
        settings = settings_from_environment()
        configure(settings.log_level, settings.secrets())
        parts = works(settings)
    except UserError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(2) from error
    over = threading.Event()
    timer = threading.Thread(target=_sweep_until, args=(parts, over, sweep_every), name="sweep", daemon=True)
    timer.start()
    try:
        work_on_queue(parts.store, lambda subject: work(parts.house, subject), concurrency=concurrency)
    finally:
        over.set()
        timer.join(timeout=10)
        parts.store.close()


def _sweep_until(parts: Works, over: threading.Event, every: float) -> None:
    """A round at the start and then on the timer; a round that fails is told and the next one tries again."""
    while not over.is_set():
        try:
            swept = parts.sweep()
            log.info("swept: %d subjects, %d deliveries asked for again", swept.subjects, swept.redelivered)
        except LockstepError as error:
            log.warning("the sweep was cut short: %s", error)
        over.wait(every)
