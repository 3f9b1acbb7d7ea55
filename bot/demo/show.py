"""The trial from start to end: starts everything, lets a release travel, tells it, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from bot.demo import summary
from bot.demo import town as towns
from bot.demo.children import ChildFailed
from bot.demo.live import Demo, Options
from bot.demo.screen import Screen
from bot.demo.start import started, tell_logs
from bot.errors import LockstepError

INTERRUPTED = 130
"""Exit code of a trip that a signal ended before its end."""


def run(options: Options) -> int:
    """Runs the demo; the exit code: 0 done, 1 a step is missing. Raises LockstepError when it cannot start."""
    screen = Screen(sys.stderr if options.as_json else sys.stdout)
    over = threading.Event()
    with _signals(over), ExitStack() as stack:
        try:
            demo = started(options, screen, over, stack)
            return _through(demo)
        except LockstepError:
            if over.is_set():  # Ctrl-C reaches what we were waiting for, too
                return INTERRUPTED
            raise


def _through(demo: Demo) -> int:
    screen, trouble = demo.screen, ""
    try:
        demo.travel()
        if demo.trip.is_over:
            demo.settle()
    except ChildFailed as error:
        trouble = str(error)
    if demo.over.is_set() and not demo.trip.is_over:
        screen.say("Interrupted.")
        return INTERRUPTED
    found = summary.summary(demo.town, demo.store, demo.trip)
    summary.show(screen, found)
    if demo.options.as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        sys.stdout.flush()
    if not found["done"] or not found["ledger"]["whole"]:
        tell_logs(screen, demo.processes, trouble)
        return 1
    if demo.options.once:
        return 0
    _invite(demo)
    try:
        demo.stay()
    except ChildFailed as error:
        tell_logs(screen, demo.processes, str(error))
        return 1
    screen.say("Stopping …", dim=True)
    return 0


def _invite(demo: Demo) -> None:
    for line in (
        "",
        "Everything keeps running until Ctrl-C.",
        f"  The board:              {demo.board}/",
        f"  The local GitHub:       {demo.town.github.base_url}/{towns.CONFIG}",
        "  Why does it run?        lockstep demo why staging api",
        "  Another release:        lockstep demo release --component api",
        f"  Say something:          lockstep demo comment --pull 2 --by {towns.PLATFORM} '/help'",
        "",
    ):
        demo.screen.say(line)


@contextmanager
def _signals(over: threading.Event) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the demo in good order; a second one changes nothing."""

    def handler(_number: int, _frame: FrameType | None) -> None:
        over.set()

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
