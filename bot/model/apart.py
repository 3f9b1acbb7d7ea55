"""The port through which work on hostile content is done in another process, confined, with time and memory limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Ask = Callable[..., Any]
"""In the other process: `ask("promtool", "check_rules", files, names)` is that method of what stays behind, called
there. Raises UserError when it did."""


class Apart(Protocol):
    """Does a piece of pure work in a process of its own."""

    def __call__(self, work: Callable[..., T], *given: object, near: Mapping[str, object] | None = None) -> T:
        """`work(*given)`, or `work(*given, ask=ask)` when there is something `near`: objects that stay here, whose
        methods it may call. `work` is a function at the top of a module; what it returns is built of `bot.model`'s
        values and plain ones.

        Raises `TooHeavy` when it took more time or memory than it may, UserError for what `work` raised as such, and
        UserError when the process ended otherwise.
        """
