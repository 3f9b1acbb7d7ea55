"""A second engine for Rego, to hold the embedded one to: `regorus`, which passes OPA's own conformance tests.

OPA itself is a Go program, and was found neither in Debian nor on PyPI or npm. Regorus is Microsoft's interpreter in
Rust, held to OPA's test suite release by release. It is asked in this process, without limits: for tests only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import regorus

from bot.adapters.rego import shipped
from bot.adapters.rego.engine import rules
from bot.model.guards import Answered, Asked, Module

TEST = re.compile(r"^(test_[a-z0-9_]+)", re.MULTILINE)


def loaded(*sources: tuple[str, str]) -> Any:
    """An engine that holds these modules, given as path and text."""
    engine = regorus.Engine()
    for path, text in sources:
        engine.set_rego_v0("import rego.v1" not in text)
        engine.add_policy(path, text)
    return engine


class Reference:
    """Answers what `bot.adapters.rego.Rego` is asked."""

    def shipped(self) -> Sequence[Module]:
        """See `Engine`."""
        return shipped()

    def evaluate(self, asked: Sequence[Asked]) -> Sequence[Answered]:
        """See `Engine`."""
        return [self._answered(each) for each in asked]

    def _answered(self, asked: Asked) -> Answered:
        try:
            engine = loaded((asked.module.path, asked.module.source))
            return Answered(results=[self._results(engine, asked.module, each) for each in asked.inputs])
        except RuntimeError as error:
            return Answered(error=str(error).partition("\n\nStack backtrace")[0])

    def _results(self, engine: Any, module: Module, value: Any) -> dict[str, list[Any]]:
        engine.set_input_json(json.dumps(value))
        return {rule: _listed(engine.eval_rule_as_json(f"data.main.{rule}")) for rule in rules(module)}


def _listed(text: str | None) -> list[Any]:
    """A rule's results: a set, one value, or `msg → true` as before Rego 1.0."""
    value = None if text is None else json.loads(text)
    if isinstance(value, dict) and all(each is True for each in value.values()):
        return list(value)
    return [] if value in (None, "<undefined>") else value if isinstance(value, list) else [value]
