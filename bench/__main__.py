"""`python -m bench [name…] [--quick] [--json]`: runs the measurements and prints one table.

Names: receive, queue, requests, kill, bump, codeowners, evaluate, sweep, alerts, guard, rollback; none means all, one
after the other. `--quick` is a shorter run for a first impression: its numbers are too few to judge by. Everything runs
on this machine alone, on loopback, with databases of its own, and leaves nothing behind, also after Ctrl-C. Exit code 0
when every goal is met, else 1.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bench.table import Row, plain, text
from bot.errors import LockstepError

ROOMS = {
    "receive": "bench.receive_rows",
    "queue": "bench.queue",
    "requests": "bench.github_requests",
    "kill": "bench.kill",
    "bump": "bench.bump_rows",
    "codeowners": "bench.codeowners",
    "evaluate": "bench.evaluate",
    "sweep": "bench.sweep",
    "alerts": "bench.alerts",
    "guard": "bench.guard",
    "rollback": "bench.rollback",
}
"""Name → module whose `rows(quick)` measures; loaded when asked for, since each pulls in much."""


def main() -> int:
    """Measures what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(ROOMS)}; none: all")
    parser.add_argument("--quick", action="store_true", help="a shorter run for a first impression")
    parser.add_argument("--json", action="store_true", help="the table for programs, on standard output")
    parser.add_argument(
        "--probot", type=Path, help="a folder where `npm install probot` was run, for receive"
    )
    options = parser.parse_args()
    if strange := [name for name in options.names if name not in ROOMS]:
        parser.error(f"there is no {', '.join(strange)}; choose from {', '.join(ROOMS)}")
    # Ends through every `finally`, so that no server and no folder stays.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.disable(logging.WARNING)
    rows: list[Row] = []
    for name in options.names or ROOMS:
        rows += _measured(name, options)
    print(json.dumps(plain(rows), indent=2, ensure_ascii=False) if options.json else text(rows))
    return 1 if any(row.met is False for row in rows) else 0


def _measured(name: str, options: argparse.Namespace) -> list[Row]:
    """One room's rows; one that breaks is told in the table, and the others are measured all the same."""
    print(f"{name} …", file=sys.stderr, flush=True)
    began = time.monotonic()
    measure: Callable[..., list[Row]] = import_module(ROOMS[name]).rows
    more = {"probot_folder": options.probot} if name == "receive" else {}
    try:
        found = measure(options.quick, **more)
    except (RuntimeError, LockstepError, subprocess.SubprocessError) as error:
        said = str(error).splitlines() or [type(error).__name__]
        found = [Row(what=name, measured="broke off", met=False, note=" / ".join(said))]
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
