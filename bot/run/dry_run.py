"""What would be written, in words: pull request, labels, the diff of the values files, what would wait (row P4)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from bot.decide.report import sentences
from bot.model.action import Action, AddLabels, ClosePull, EditPull, OpenPull, PutComment, RewritePull
from bot.model.verdict import Outcome
from bot.run.acts import event_name
from bot.run.outlook import Preview


def told(preview: Preview) -> str:
    """A promotion's dry run as text; Markdown shows it as well as a terminal."""
    parts = [preview.headline]
    parts += [f"- {line(each)}" for each in preview.actions]
    parts += [difference(path, before, after) for path, before, after in preview.files]
    held = [
        each for each in (*preview.gates, *preview.others) if each.outcome not in (Outcome.PASS, Outcome.SKIP)
    ]
    if held:
        parts.append("Would wait for:\n" + "\n".join(sentences(held)))
    return "\n\n".join(parts)


def line(action: Action) -> str:
    """One action as a line that starts with its name in the ledger."""
    return f"{event_name(action)}: {' '.join(_words(action))}".rstrip(": ")


def _words(action: Action) -> Iterator[str]:
    if isinstance(action, OpenPull):
        yield f"{action.title} ({action.branch} into {action.base_ref}; labels {', '.join(action.labels)})"
    elif isinstance(action, RewritePull | EditPull):
        yield f"#{action.number}: {action.title}"
    elif isinstance(action, ClosePull):
        yield f"#{action.number}: {action.because}"
    elif isinstance(action, AddLabels):
        yield f"#{action.number}: {', '.join(action.labels)}"
    elif isinstance(action, PutComment):
        yield f"#{action.number}: {action.because}"
    else:
        yield action.because


def difference(path: str, before: bytes, after: bytes) -> str:
    """A unified diff of one values file."""
    old, new = (each.decode("utf-8", "replace").splitlines() for each in (before, after))
    found = difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")
    rows = [
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in row) for row in found
    ]
    fence = "`" * max(3, 1 + max((len(run) for row in rows for run in re.findall("`+", row)), default=0))
    return "\n".join([f"{fence}diff", *rows, fence])
