"""`python -m bench.chaos [--minutes 5] [--seed N]`: everything goes wrong, and nothing is lost or done twice.

Prints the seed first; the same seed makes the same choices again (not the same races: those are the machine's). On a
failure it prints what does not hold, the seed, and the story so far. Exit code 0 when everything holds, else 1.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import signal
import sys
from pathlib import Path

from bench.chaos.run import Ended, run


def main() -> int:
    """One run."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5, help="how long things go wrong (default 5)")
    parser.add_argument("--seed", type=int, help="makes the choices of an earlier run again")
    parser.add_argument(
        "--logs", type=Path, help="a folder for the processes' logs; they are thrown away without"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends through every `finally`
    logging.disable(logging.WARNING)
    seed = options.seed if options.seed is not None else secrets.randbelow(1_000_000)
    say(
        f"seed {seed}: chaos for {options.minutes:g} min (again: make chaos SEED={seed} MINUTES={options.minutes:g})"
    )
    ended = run(options.minutes * 60, seed, say, keep=options.logs)
    say(told(ended))
    return 1 if ended.broken else 0


def say(text: str) -> None:
    """To people, at once."""
    print(text, flush=True)


def told(ended: Ended) -> str:
    """The end of a run in words."""
    counts = "\n".join(f"  {count:5}  {what}" for what, count in sorted(ended.counts.items()))
    head = (
        f"{ended.deliveries} webhooks, {ended.requests} GitHub requests, {ended.ledger_rows} ledger rows in "
        f"{ended.seconds:.0f} s; settled {ended.settled_after:.0f} s after the last trouble. Answers: {ended.answers}"
    )
    if not ended.broken:
        return f"{counts}\n{head}\nEverything holds: nothing lost, nothing twice, all settled, the ledger is whole."
    wrong = "\n".join(f"  {each}" for each in ended.broken)
    return f"{ended.story}\n{counts}\n{head}\n{len(ended.broken)} do not hold:\n{wrong}\nseed {ended.seed}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
