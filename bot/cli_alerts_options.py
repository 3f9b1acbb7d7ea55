"""What the commands of `lockstep alerts` share: the options about the dialect of rules, and progress for people."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from bot.decide.alerts import Dialect
from bot.errors import UserError

S = TypeVar("S")
T = TypeVar("T")
_LONG = 100
"""Files from which on progress is shown, and several processes work."""
_PROCESSES = 8


def dialect_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `Dialect`."""
    options = [
        click.option(
            "--allow-field",
            "fields",
            multiple=True,
            metavar="NAME",
            help="A group or rule field of another ruler, such as Mimir's source_tenants; repeatable.",
        ),
        click.option(
            "--utf8-names", is_flag=True, help="Names of labels and metrics as Prometheus 3 has them."
        ),
        click.option(
            "--unchecked-expressions", is_flag=True, help="Take expressions that cannot be parsed here."
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def dialect_of(given: Mapping[str, Any]) -> Dialect:
    """The dialect that the options describe."""
    return Dialect(
        fields=frozenset(given["fields"]),
        utf8_names=bool(given["utf8_names"]),
        unchecked=bool(given["unchecked_expressions"]),
    )


def each(work: Callable[[S], T], names: Sequence[S], label: str) -> Iterator[T]:
    """What `work` makes of each name, in their order; many names are shared among the processors.

    `work` travels to them with every few names, so it is to be small.

    A bar on standard error tells a person who waits how far it is.
    """
    processors = len(os.sched_getaffinity(0))
    if len(names) < _LONG or processors < 2:
        with _bar(map(work, names), len(names), label) as bar:
            yield from bar
        return
    with ProcessPoolExecutor(min(processors, _PROCESSES), initializer=_calm) as pool:
        made = pool.map(work, names, chunksize=16)
        try:
            with _bar(made, len(names), label) as bar:
                yield from bar
        except BrokenProcessPool as error:
            raise UserError(
                f"{label} a file ended the process; look for one of unusual size or depth"
            ) from error


def _calm() -> None:
    """Collect garbage less often: what a file is read into lives until the file is done."""
    gc.freeze()
    gc.set_threshold(100_000, 10, 10)


@contextmanager
def _bar(items: Iterable[T], length: int, label: str) -> Iterator[Iterable[T]]:
    if length < _LONG or not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, length=length, label=label, file=sys.stderr) as bar:
        yield bar
