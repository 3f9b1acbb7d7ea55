"""The process that evaluates Rego: no credentials, no environment, bounded memory, time and files.

A script of its own, started with `python -I -S` and the folder that the engine is imported from: the engine is native
code that cannot be interrupted and may crash on hostile input, and whatever happens to this process happens to nobody
else. Reads JSON on standard input (`{"memory", "cpu", "modules": [{"source", "rules", "inputs"}]}`), writes one line of
JSON for each module, at once.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from typing import Any

MOST = 500
"""Results of one rule that are told; a file with more is as wrong as one with these."""
LONGEST = 2000
TOO_MUCH = 97
"""The exit code for too much memory."""


def main() -> None:
    """Answers the question on standard input."""
    asked = json.load(sys.stdin)
    sys.path += sys.argv[1:]
    for limit, value in (
        (resource.RLIMIT_CPU, asked["cpu"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (value, value))
    threading.Thread(target=_watch, args=(asked["memory"],), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)  # what the engine itself prints is nobody's answer
    for module in asked["modules"]:
        answers.write(json.dumps(evaluate(module)) + "\n")
        answers.flush()


def _watch(memory: int) -> None:
    """Ends the process when it holds more than `memory` bytes. No limit of the kernel's does: the engine's allocator
    reserves 256 GiB of addresses at its start. It runs while the engine does, which holds no lock of Python's."""
    unit = 1 if sys.platform == "darwin" else 1024
    while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit < memory:
        threading.Event().wait(0.02)
    os._exit(TOO_MUCH)


def evaluate(module: dict[str, Any]) -> dict[str, Any]:
    """`{"results": [{rule: […]}, …]}`, or `{"error": …}`."""
    from regopy import Interpreter
    from regopy.rego_shared import RegoError

    try:
        rego = Interpreter()
        rego.add_module("guard", module["source"])
        bundle = rego.build(None, [f"main/{rule}" for rule in module["rules"]])
        results = []
        for each in module["inputs"]:
            # As JSON text: the engine keeps strings as they are escaped in it, and compares them so.
            rego.set_input_term(json.dumps(each, ensure_ascii=False))
            results.append({rule: _asked(rego, bundle, rule) for rule in module["rules"]})
    except (RegoError, MemoryError, ValueError, TypeError, RecursionError) as error:
        return {"error": str(error)[:LONGEST] or type(error).__name__}
    return {"results": results}


def _asked(rego: Any, bundle: Any, rule: str) -> list[Any]:
    """A rule's results: a set of them, one value, or what Rego's first version made of `deny[msg]`: msg → true.

    Read node by node: the engine's own JSON leaves quotes in strings as they are, so hostile text could forge results.
    """
    from regopy import rego_shared
    from regopy.node import Node

    output = rego_shared.rego_bundle_query_entrypoint(rego._impl, bundle._impl, f"main/{rule}")
    try:
        if not rego_shared.rego_output_ok(output):
            raise ValueError(
                "the engine stops at an error (an unknown function, endless recursion, two results)"
            )
        if rego_shared.rego_output_string(output) == "undefined":
            return []
        found = _value(Node(rego_shared.rego_output_expressions_at_index(output, 0)))
    finally:
        rego_shared.rego_free_output(output)
    values = found[0] if isinstance(found, list) and found else []
    if isinstance(values, dict):
        values = [_key(key) for key, value in values.items() if value is True]
    return (values if isinstance(values, list) else [values])[:MOST]


def _value(node: Any) -> Any:
    from regopy.rego_shared import NodeKind

    if node.kind in (NodeKind.Term, NodeKind.Scalar):
        return _value(node.at(0))
    if node.kind in (NodeKind.Array, NodeKind.Terms):
        return [_value(node.at(index)) for index in range(len(node))]
    if node.kind == NodeKind.Set:
        return [_value(each) for each in node._children.values()]
    if node.kind == NodeKind.Object:
        return {_text(key): _value(each) for key, each in node._children.items()}
    value = node.value
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    """A string as it was meant: the engine gives some with their quotes, some escaped and some not."""
    bare = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
    try:
        return str(json.loads(f'"{bare}"', strict=False))
    except ValueError:
        return bare


def _key(text: str) -> Any:
    try:
        return json.loads(text, strict=False) if text.startswith("{") else text
    except ValueError:
        return text


if __name__ == "__main__":
    main()
