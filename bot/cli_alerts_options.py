"""What the commands of `lockstep alerts` share: the options about the dialect of rules, and progress for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from bot.decide.alerts import Dialect

T = TypeVar("T")
_LONG = 100
"""Files from which on progress is shown."""


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


def progress(items: Sequence[T], label: str) -> Iterator[T]:
    """The items one by one, with a bar on standard error for a person who waits."""
    with _bar(items, label) as bar:
        yield from bar


@contextmanager
def _bar(items: Sequence[T], label: str) -> Iterator[Iterable[T]]:
    if len(items) < _LONG or not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as bar:
        yield bar
