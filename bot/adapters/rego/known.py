"""What the shipped guards have said, by their exact text and inputs: asked again, they would say the same.

A shipped guard is a pure function of its input (tests keep it so), and starting a child costs more than most answers.
The team's own guards are not remembered: theirs may look at the time. Neither is an error: the next try may do better.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict

from bot.model.guards import Answered, Asked

MOST = 4096
"""Answers that are kept, the ones asked for longest ago are dropped first."""
LARGEST = 64 * 1024
"""Characters of inputs, as JSON; to keep answers about more would cost more memory than it saves time."""


class Known:
    """Answers by what was asked. May be used by several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._answers: OrderedDict[str, Answered] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Answered | None:
        """What was answered to exactly this; None: it has to be asked."""
        key = _key(asked)
        if key is None:
            return None
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
            return found

    def keep(self, asked: Asked, answered: Answered) -> None:
        """Remembers an answer that is sure to come again."""
        key = _key(asked)
        if key is None or answered.error is not None:
            return
        with self._lock:
            self._answers[key] = answered
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)


def _key(asked: Asked) -> str | None:
    if asked.module.own:
        return None
    inputs = json.dumps(asked.inputs, ensure_ascii=True)
    if len(inputs) > LARGEST:
        return None
    return hashlib.sha256(
        f"{len(asked.module.source)}:{asked.module.source}{inputs}".encode("utf-8", "surrogatepass")
    ).hexdigest()
