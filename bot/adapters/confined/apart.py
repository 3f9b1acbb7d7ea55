"""Runs a pure function on hostile content in a process of its own: no network, no credentials, bounded time and memory.

Reading YAML, rendering, comparing and parsing PromQL are our own code, but how long they take is chosen by whoever
writes the files (attack cases 49, 74). The other process gets its arguments as a pickle; what comes back is unpickled
by `_Answers`, which builds values of `bot.model` and plain containers and nothing else.
"""

from __future__ import annotations

import io
import pickle
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, EnumType
from pathlib import Path
from select import select
from typing import IO, Any, TypeVar

from bot.adapters.confined.workspace import Limits, kill
from bot.errors import Terminal, TooHeavy, UserError

T = TypeVar("T")

_HERE = Path(__file__)
_HOUSE = _HERE.parents[2]
"""The package: all of Lockstep's code that the other process may read."""
_PATIENCE = 4
_LENGTH = struct.Struct(">Q")
_LONGEST = 256 << 20
"""Bytes of one message that are read."""
_PLAIN = {
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("datetime", "datetime"),
    ("datetime", "timedelta"),
    ("datetime", "timezone"),
}


class _Answers(pickle.Unpickler):
    """Builds nothing but values of `bot.model`: a hostile file that got hold of the other process gets no further."""

    def find_class(self, module: str, name: str) -> Any:
        """A class that may be built. Raises UnpicklingError for any other."""
        if (module, name) == ("builtins", "getattr"):
            return _member
        found = None
        if module.startswith("bot.model.") or (module, name) in _PLAIN:
            found = super().find_class(module, name)
        if module == "dataclasses" and name.startswith("_dataclass_"):
            found = super().find_class(module, name)
        elif not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name} is no value")
        return found


def _member(kind: object, name: object) -> Enum:
    """A member of an enumeration, and nothing else that `getattr` gives: up to 3.11.3 Python pickles members so
    (https://github.com/python/cpython/pull/26658)."""
    if not isinstance(kind, EnumType) or name not in kind.__members__:
        raise pickle.UnpicklingError(f"{name!r} is no member of an enumeration")
    return kind.__members__[str(name)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """See `bot.model.apart`. `limits.seconds` are of processor time; on the clock it may take `_PATIENCE` times that,
    for the machine may be busy, not counting what it waits for an answer."""

    limits: Limits = field(default_factory=lambda: Limits(seconds=60, megabytes=1024))

    def __call__(self, work: Callable[..., T], *given: object, near: Mapping[str, object] | None = None) -> T:
        """Do it there, and return what it returned."""
        asked = pickle.dumps((work.__module__, work.__qualname__, given, near is not None))
        with _process(self.limits) as process:
            pipes = _Pipes(process, self.limits.seconds * _PATIENCE)
            pipes.send(asked)
            while True:
                kind, *rest = _read(pipes.receive())
                if kind == "ask":
                    name, method, arguments = rest
                    pipes.send(pickle.dumps(_called((near or {})[name], method, arguments)))
                elif kind == "answer":
                    return rest[0]  # type: ignore[no-any-return]  # what `work` returned
                elif kind == "heavy":
                    raise TooHeavy(f"takes more than the {self.limits.megabytes} MB of memory that it may")
                elif kind == "refused":
                    raise UserError(str(rest[0]))
                else:
                    raise Terminal(f"work apart failed: {str(rest[0])[:500]}")


def _read(data: bytes) -> tuple[Any, ...]:
    try:
        found = _Answers(io.BytesIO(data)).load()
    except Exception as error:
        raise Terminal(f"work apart gave no answer: {error}") from error
    if not isinstance(found, tuple) or not found:
        raise Terminal("work apart gave no answer")
    return found


def _called(there: object, method: str, arguments: tuple[object, ...]) -> tuple[str, Any]:
    """What stays here, asked on the other process's behalf."""
    if method.startswith("_"):
        return "refused", f"{method} is nobody's to ask"
    try:
        found = getattr(there, method)
        return "answer", found(*arguments) if callable(found) else found
    except UserError as error:
        return "refused", str(error)


@contextmanager
def _process(limits: Limits) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory(prefix="lockstep-apart-") as own:
        readable = ":".join(dict.fromkeys([sys.prefix, sys.base_prefix, str(_HOUSE), *_site()]))
        given = [str(limits.megabytes), str(limits.seconds), readable, sys.executable]
        code = ["-I", "-S", str(_HERE.with_name("apart_child.py")), str(_HOUSE), *_site()]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file, no shell
            [sys.executable, "-I", "-S", str(_HERE.with_name("launch.py")), *given, *code],
            cwd=own,
            env={"HOME": own, "TMPDIR": own, "PATH": "/nonexistent", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            kill(process.pid)
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _closed(pipe)


def _closed(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what it did not read any more


def _site() -> list[str]:
    """Where installed libraries lie; the other process starts without looking for them."""
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


@dataclass(slots=True)
class _Pipes:
    """Messages with their length before them. The clock runs while the other process is to speak or to listen."""

    process: subprocess.Popen[bytes]
    seconds: float
    spent: float = 0.0

    def send(self, data: bytes) -> None:
        """All of it; one that has ended meanwhile is told by `receive`."""
        pipe = self.process.stdin
        assert pipe is not None  # noqa: S101 - opened as a pipe above
        try:
            pipe.write(_LENGTH.pack(len(data)) + data)
            pipe.flush()
        except BrokenPipeError:
            return

    def receive(self) -> bytes:
        """One message. Raises TooHeavy when the process ended, UserError when nothing comes for too long."""
        (length,) = _LENGTH.unpack(self._bytes(_LENGTH.size))
        if length > _LONGEST:
            raise TooHeavy("gives a larger answer than is read")
        return self._bytes(length)

    def _bytes(self, count: int) -> bytes:
        pipe, found = self.process.stdout, bytearray()
        assert pipe is not None  # noqa: S101 - opened as a pipe above
        while len(found) < count:
            began = time.monotonic()
            ready, _, _ = select([pipe], [], [], max(self.seconds - self.spent, 0))
            self.spent += time.monotonic() - began
            if not ready:
                raise UserError(f"takes longer than the {self.seconds:g} s that it may")
            piece = pipe.read1(min(count - len(found), 1 << 20))  # type: ignore[attr-defined]  # a buffered pipe
            if not piece:
                raise self._ended()
            found += piece
        return bytes(found)

    def _ended(self) -> Exception:
        code = self.process.wait(self.seconds)
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return TooHeavy("takes more processor time or memory than it may")
        return TooHeavy(f"ended the process that read it ({code})")
