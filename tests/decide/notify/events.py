"""Which events the ledger may hold, read from the code that writes them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.decide.commands import USAGE
from bot.decide.release import REASON_CODES
from bot.model import action
from bot.run.acts import event_name

BOT = Path(__file__).parents[3] / "bot"
WRITERS = {"note", "_note", "note_news", "LedgerEntry"}
"""What writes a row is called so; `note` of the deployments and of the budget is something else."""
OTHERS = ("deployments.note", "budget.note", "github.note", "batch.note", "notes.note", "facts.note")

OF_COMMANDS = frozenset(f"command_{each.name.replace('-', '_')}" for each in USAGE)
COMPUTED: Mapping[str, frozenset[str]] = {
    "bot/run/judging.py: code": REASON_CODES,
    "bot/run/approvals_kept.py: event": frozenset({"self_approval", "approval_not_counted"}),
    "bot/run/evidence.py: EVENT": frozenset({"evidence"}),
    "bot/run/commands/permit.py: event_of(command)": OF_COMMANDS,
    "bot/run/commands/obey.py: event_of(command.name)": OF_COMMANDS,
    "bot/run/validation/obeying.py: event_of(command.name)": OF_COMMANDS,
    "bot/run/acts.py: event_name(action)": frozenset(
        event_name(kind.__new__(kind))
        for kind in vars(action).values()
        if isinstance(kind, type) and issubclass(kind, action.Action) and kind is not action.Action
    ),
    "bot/run/validation/gate.py: event": frozenset({"deployment_approved", "deployment_blocked"}),
    "bot/run/validation/runs.py: event": frozenset(
        {"validation_failed", "validation_passed", "validation_confirmed"}
    ),
    "bot/run/notify/pulls.py: wait.event": frozenset({"gates_held", "approval_required"}),
}
"""Where the event is no text in the code: file and expression to what it may be."""
PASSED_ON = {
    "bot/run/commands/asked.py: event",
    "bot/run/rollback/recording.py: event",
    "bot/run/validation/place.py: event",
    "bot/run/house.py: None",
}
"""Helpers that write what their callers say, which are read themselves."""


def written() -> Iterator[tuple[str, str]]:
    """Every event with the place that writes it; an unknown expression as `? <file>: <expression>`."""
    for path in sorted(BOT.rglob("*.py")):
        where = path.relative_to(BOT.parent).as_posix()
        if where.startswith(("bot/sandbox/", "bot/demo/", "bot/adapters/", "bot/decide/")):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _writes(node):
                for event in _events(node, where):
                    yield event, f"{where}:{node.lineno}"


def _writes(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    return name.rpartition(".")[2] in WRITERS and not name.endswith(OTHERS)


def _events(call: ast.Call, where: str) -> Iterator[str]:
    given = next((each.value for each in call.keywords if each.arg == "event"), None)
    texts = [each for each in call.args if isinstance(each, ast.Constant | ast.IfExp)]
    names = [each for each in (given, *call.args) if each is not None]
    for each in names:
        key = f"{where}: {ast.unparse(each)}"
        if key in COMPUTED:
            yield from COMPUTED[key]
            return
        if key in PASSED_ON:
            return
    found = given if given is not None else (texts[0] if texts else None)
    if isinstance(found, ast.Constant):
        yield str(found.value)
    elif isinstance(found, ast.IfExp):
        yield from (str(each.value) for each in (found.body, found.orelse) if isinstance(each, ast.Constant))
    elif f"{where}: None" not in PASSED_ON:
        yield f"? {where}: {ast.unparse(call)[:120]}"
