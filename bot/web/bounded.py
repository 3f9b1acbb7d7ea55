"""Asking something that may hang, for at most so many seconds."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Bounded(Generic[T]):
    """Calls `function` on a thread of its own, one call at a time: a hanging one is not piled upon."""

    def __init__(self, function: Callable[[], T], seconds: float) -> None:
        self._function = function
        self._seconds = seconds
        self._busy = threading.Lock()

    def __call__(self) -> T:
        """The function's answer, or its error. Raises TimeoutError when there is none in time."""
        if not self._busy.acquire(timeout=self._seconds):
            raise TimeoutError(f"an earlier question is still unanswered after {self._seconds:g} s")
        answers: queue.SimpleQueue[tuple[T] | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._ask, args=(answers,), daemon=True).start()
        try:
            answer = answers.get(timeout=self._seconds)
        except queue.Empty:
            raise TimeoutError(f"no answer within {self._seconds:g} s") from None
        if isinstance(answer, Exception):
            raise answer
        return answer[0]

    def _ask(self, answers: queue.SimpleQueue[tuple[T] | Exception]) -> None:
        try:
            result = self._function()
        except Exception as error:  # noqa: BLE001  # handed over to the caller, whatever it is
            answers.put(error)
        else:
            answers.put((result,))
        finally:
            self._busy.release()
