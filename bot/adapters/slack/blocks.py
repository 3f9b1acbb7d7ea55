"""A message as Slack's blocks. Limits: https://docs.slack.dev/reference/block-kit/blocks (read 2025).

50 blocks · header 150 characters · section 3,000, its fields 10 of 2,000 · 25 elements in a row of buttons, a button's
label 75 and its address 3,000 · context 10 elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.adapters.slack.escaped import escaped, link
from bot.model.tidings import Link, Message, Severity, Tiding

Block = dict[str, Any]

SIGNS = {Severity.INFO: "🔵", Severity.WARNING: "🟠", Severity.CRITICAL: "🔴"}
HEADER, SECTION, FIELD, FIELDS, LABEL, ADDRESS, BUTTONS = 150, 3000, 2000, 10, 75, 3000, 5
FALLBACK = 2000
"""Characters of the text that phones show in place of the blocks."""


def payload(message: Message, mention: str | None) -> dict[str, Any]:
    """What is posted. `mention` (`channel`, `here`) is written only when the message calls."""
    call = f"<!{mention}> " if message.calls and mention in ("channel", "here") else ""
    text = f"{SIGNS[message.severity]} {message.title}"
    blocks: list[Block] = [{"type": "header", "text": _plain(text, HEADER)}]
    if call:
        blocks.append(_section(f"{call}A failure in production needs somebody now."))
    blocks += _one(message.tidings[0]) if len(message.tidings) == 1 else _many(message)
    blocks.append(_context(message))
    return {"text": call + escaped(text, FALLBACK), "blocks": blocks}


def _one(told: Tiding) -> list[Block]:
    blocks = [_section(escaped(told.reason, SECTION))] if told.reason else []
    facts = [("Environment", told.environment)] if told.environment else []
    fields = [_field(name, values) for name, values in _together((*facts, *told.facts)).items()][:FIELDS]
    if fields:
        blocks.append({"type": "section", "fields": fields})
    buttons = [
        _button(each, number) for number, each in enumerate(told.links[:BUTTONS]) if len(each.url) <= ADDRESS
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    return blocks


def _together(facts: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Each name with its values: Slack shows ten fields at most."""
    found: dict[str, list[str]] = {}
    for name, value in facts:
        if value:
            found.setdefault(name, []).append(value)
    return found


def _field(name: str, values: Sequence[str]) -> Block:
    return _text(f"*{escaped(name, 100)}*\n{escaped(chr(10).join(values), FIELD - 200)}")


def _many(message: Message) -> list[Block]:
    blocks = [_section(_line(each)) for each in message.tidings]
    if message.more:
        blocks.append(_section(f"… and {message.more} more. `lockstep ledger` lists them all."))
    return blocks


def _line(told: Tiding) -> str:
    links = " · ".join(link(each.label, each.url) for each in told.links[:3] if len(each.url) <= 500)
    parts = [f"{SIGNS[told.severity]} *{escaped(told.title, 300)}*", escaped(told.reason, 500), links]
    return "\n".join(part for part in parts if part)


def _context(message: Message) -> Block:
    events = ", ".join(sorted({each.event for each in message.tidings}))
    says = f"{events} · {message.severity.value} · {message.repository} · {message.at:%Y-%m-%d %H:%M:%S} UTC"
    return {"type": "context", "elements": [_text(escaped(says, FIELD))]}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> Block:
    """`verbatim`: Slack makes no links or mentions of plain words."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str, limit: int) -> Block:
    return {"type": "plain_text", "text": escaped(text, limit), "emoji": False}


def _button(each: Link, number: int) -> Block:
    return {
        "type": "button",
        "text": _plain(each.label, LABEL),
        "url": each.url,
        "action_id": f"open-{number}",
    }
