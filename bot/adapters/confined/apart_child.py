"""Started by `launch`, confined, for `apart`: reads one question, does the work, and says what came of it.

`python -I -S apart_child.py PACKAGE [SITE_PACKAGES…]`; messages on standard input and output.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import struct
import sys
from typing import IO, Any

_LENGTH = struct.Struct(">Q")


def main(places: list[str]) -> None:
    """One question, one answer."""
    package, *site = places
    sys.path += site
    _load(package)
    from bot.errors import UserError

    talk = _Talk(sys.stdin.buffer, os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what anything prints is nobody's answer
    module, name, given, asks = talk.receive()
    sys.setrecursionlimit(2_000)
    try:
        work = getattr(importlib.import_module(module), name)
        answer: tuple[Any, ...] = ("answer", work(*given, ask=talk.ask) if asks else work(*given))
    except UserError as error:
        answer = ("refused", str(error))
    except MemoryError:
        answer = ("heavy",)
    except Exception as error:  # noqa: BLE001 - told whole to whoever reads the log: it is a mistake in Lockstep
        answer = ("failed", f"{type(error).__name__}: {error}")
    talk.send(answer)


def _load(package: str) -> None:
    """Makes `bot` known by its folder alone: what lies beside it (a `.env`) is not to be read from here."""
    spec = importlib.util.spec_from_file_location(
        "bot", f"{package}/__init__.py", submodule_search_locations=[package]
    )
    if spec is None or spec.loader is None:
        raise ImportError(package)
    sys.modules["bot"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["bot"])


class _Talk:
    """Messages with their length before them."""

    def __init__(self, heard: IO[bytes], said: IO[bytes]) -> None:
        self._heard, self._said = heard, said

    def send(self, message: tuple[Any, ...]) -> None:
        """One message, whole."""
        data = pickle.dumps(message)
        self._said.write(_LENGTH.pack(len(data)) + data)
        self._said.flush()

    def receive(self) -> Any:
        """One message, from the process that started this one."""
        (length,) = _LENGTH.unpack(self._heard.read(_LENGTH.size))
        return pickle.loads(self._heard.read(length))  # noqa: S301 - from who started us

    def ask(self, name: str, method: str, *arguments: object) -> Any:
        """See `bot.model.apart.Ask`."""
        from bot.errors import UserError

        self.send(("ask", name, method, arguments))
        kind, found = self.receive()
        if kind == "refused":
            raise UserError(found)
        return found


if __name__ == "__main__":
    main(sys.argv[1:])
