"""Asks the child process, with limits of its own outside it; see `bot.model.guards.Engine`.

`regopy` is Microsoft's rego-cpp with Python bindings, the one maintained embedded engine on PyPI. Its queries cannot be
interrupted, and a bad one can end the process, hence the child. All guards that ship share one, each of the team's has
one of its own: whatever a guard does, it hides no other's answer.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.adapters.rego.known import Known
from bot.adapters.rego.shipped import shipped
from bot.model.guards import Answered, Asked, Module

CHILD = Path(__file__).with_name("child.py")
MEMORY = 1024**3
"""Bytes that the child may hold."""
TOO_MUCH = 97
"""The child's exit code when it would hold more."""
SECONDS = 20.0
"""For one of the team's guards over everything it is asked about."""
SHIPPED_SECONDS = 120.0
"""For all the shipped ones together: thousands of files, of which they see only a few facts each."""

_KNOWN = Known()
"""Of this process: what a text says is the same for whoever asks."""
_RULE = re.compile(r"^((?:deny|violation|warn)(?:_[A-Za-z0-9_]+)?)(?=[\s\[:{]|$)", re.MULTILINE)
_PACKAGE = re.compile(r"^package\s+(\S+)", re.MULTILINE)
_SAID = re.compile(r"\(error \d+:[^|]*\|(\d+)\|\d+\)?\s*\(errormsg \d+:([^()]*)\)")


class Rego:
    """The engine. Limits are in seconds and bytes."""

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        shipped_seconds: float = SHIPPED_SECONDS,
        memory: int = MEMORY,
        known: Known = _KNOWN,
    ) -> None:
        self._seconds, self._shipped, self._memory, self._known = seconds, shipped_seconds, memory, known

    def shipped(self) -> Sequence[Module]:
        """See `Engine`."""
        return shipped()

    def evaluate(self, asked: Sequence[Asked]) -> Sequence[Answered]:
        """See `Engine`."""
        answers: dict[int, Answered] = {}
        ours = [index for index, each in enumerate(asked) if not each.module.own]
        own = [[index] for index, each in enumerate(asked) if each.module.own]
        for batch in (ours, *own):
            seconds = self._shipped if batch is ours else self._seconds
            told = self._batch([asked[index] for index in batch], seconds)
            answers.update(zip(batch, told, strict=True))
        return [answers[index] for index in range(len(asked))]

    def _batch(self, asked: Sequence[Asked], seconds: float) -> list[Answered]:
        answers = [_refused(each.module) or self._known.answer(each) for each in asked]
        open_ = [index for index, answer in enumerate(answers) if answer is None]
        if open_:
            lines, why = self._run([asked[index] for index in open_], seconds)
            for place, index in enumerate(open_):
                told = lines[place] if place < len(lines) else {"error": why}
                answers[index] = answer = _answered(told, asked[index].module)
                self._known.keep(asked[index], answer)
        return [each if each is not None else Answered(error="was not asked") for each in answers]

    def _run(self, asked: Sequence[Asked], seconds: float) -> tuple[list[dict[str, Any]], str]:
        """The child's lines as far as it came, and why there are no more."""
        modules = [
            {"source": each.module.source, "rules": rules(each.module), "inputs": each.inputs}
            for each in asked
        ]
        question = json.dumps({"memory": self._memory, "cpu": int(seconds) + 1, "modules": modules})
        child = subprocess.Popen(  # noqa: S603 (see above)
            # Without `site`, which takes longer than the rest of the start: told where the engine is instead.
            [sys.executable, "-I", "-S", str(CHILD), *_engine()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        try:
            said, _ = child.communicate(question.encode(), timeout=seconds)
            many = f"it takes more than {self._memory >> 20} MiB of memory"
            why = many if child.returncode == TOO_MUCH else f"it crashes the engine ({child.returncode})"
        except subprocess.TimeoutExpired:
            child.kill()
            said, _ = child.communicate()
            why = f"it did not answer within {seconds:g} seconds"
        lines: list[dict[str, Any]] = []
        for line in said.splitlines():
            with contextlib.suppress(ValueError):  # the last line may be cut off; then there is no answer
                lines.append(json.loads(line))
        return lines, why


@functools.cache
def _engine() -> tuple[str, ...]:
    """The folder that `regopy` is imported from; () when it is not installed, which the child says."""
    found = importlib.util.find_spec("regopy")
    places = found.submodule_search_locations if found else None
    return tuple(str(Path(place).parent) for place in places or ())


def rules(module: Module) -> list[str]:
    """The rules that conftest would ask about: `deny`, `violation`, `warn`, also with a suffix (`deny_latest`)."""
    return sorted(set(_RULE.findall(module.source)))


def _refused(module: Module) -> Answered | None:
    package = _PACKAGE.search(module.source)
    if package is None or package[1] != "main":
        said = f"`package {package[1]}`" if package else "no package"
        return Answered(error=f"begins with {said}; write `package main`")
    if not rules(module):
        return Answered(error="has no rule named deny, violation or warn")
    return None


def _answered(told: dict[str, Any], module: Module) -> Answered:
    if "results" in told:
        return Answered(results=told["results"])
    return Answered(error=_readable(str(told.get("error", "")), module.source))


def _readable(error: str, source: str) -> str:
    """The engine's first complaint with its line, out of its tree of errors."""
    found = _SAID.search(error)
    if found is None:
        return error
    line = source.encode()[: int(found[1])].count(b"\n") + 1
    return f"line {line}: {found[2].strip()}"
