"""A stand-in for Slack's incoming webhooks that refuses what Slack refuses.

By https://docs.slack.dev/reference/block-kit/blocks and the pages of its objects, read in November 2025: numbers of
blocks, fields and elements, lengths of texts as they are sent, the keys that each may have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from tests.servers.listening import Answer, Listener, Posted, listening

PATH = "/services/T0TEST/B0TEST/secretofslack"
_CONTROL = re.compile(r"<([^<>]*)>")
_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")


def slack() -> AbstractContextManager[Listener]:
    """The stand-in; `url` is the webhook's address."""
    return listening(_judge, PATH)


def _judge(posted: Posted) -> Answer:
    if posted.path != PATH:
        return 403, {}, "invalid_token"
    if not posted.headers.get("content-type", "").startswith("application/json"):
        return 400, {}, "invalid_payload"
    wrong = list(problems(posted.json))
    return (400, {}, "invalid_blocks: " + "; ".join(wrong)) if wrong else (200, {}, "ok")


def problems(payload: Any) -> Iterator[str]:
    """What Slack would not take, or would read as markup that nobody meant."""
    if set(payload) - {"text", "blocks"}:
        yield f"unknown keys {sorted(set(payload) - {'text', 'blocks'})}"
    if not payload.get("text") or len(payload["text"]) > 40_000:
        yield "no text, or one that is too long"
    yield from _markup(payload.get("text", ""), "text")
    blocks = payload.get("blocks", [])
    if not 1 <= len(blocks) <= 50:
        yield f"{len(blocks)} blocks"
    for number, block in enumerate(blocks):
        yield from _block(block, f"blocks[{number}]")


def _block(block: Any, at: str) -> Iterator[str]:
    match block:
        case {"type": "header", "text": {"type": "plain_text"} as text, **rest} if not rest:
            yield from _text(text, 150, at)
        case {"type": "section", **rest} if rest and set(rest) <= {"text", "fields"}:
            if "text" in rest:
                yield from _text(rest["text"], 3000, f"{at}.text")
            if not 1 <= len(rest.get("fields", [0])) <= 10:
                yield f"{at}: {len(rest['fields'])} fields"
            for each in rest.get("fields", []):
                yield from _text(each, 2000, f"{at}.fields")
        case {"type": "actions", "elements": elements, **rest} if not rest:
            if not 1 <= len(elements) <= 25:
                yield f"{at}: {len(elements)} elements"
            if len({each.get("action_id") for each in elements}) != len(elements):
                yield f"{at}: action_id twice"
            for each in elements:
                yield from _button(each, at)
        case {"type": "context", "elements": elements, **rest} if not rest:
            if not 1 <= len(elements) <= 10:
                yield f"{at}: {len(elements)} elements"
            for each in elements:
                yield from _text(each, 3000, at)
        case {"type": "divider", **rest} if not rest:
            pass
        case _:
            yield f"{at}: unknown {block}"


def _button(button: Any, at: str) -> Iterator[str]:
    if set(button) - {"type", "text", "url", "action_id", "style"} or button.get("type") != "button":
        yield f"{at}: unknown button {button}"
    yield from _text(button["text"], 75, f"{at}.button")
    if not re.fullmatch(r"https?://\S{1,2990}", button.get("url", "")):
        yield f"{at}: a button's address {button.get('url')!r}"
    if not 1 <= len(button.get("action_id", "")) <= 255:
        yield f"{at}: a button's action_id"


def _text(text: Any, limit: int, at: str) -> Iterator[str]:
    known = {"mrkdwn": {"type", "text", "verbatim"}, "plain_text": {"type", "text", "emoji"}}
    if set(text) - known.get(text.get("type"), set()):
        yield f"{at}: unknown text object {text}"
    if text.get("type") == "mrkdwn" and text.get("verbatim") is not True:
        yield f"{at}: Slack would make links and mentions of plain words"
    if not 1 <= len(text["text"]) <= limit:
        yield f"{at}: {len(text['text'])} characters of {limit}"
    yield from _markup(text["text"], at)


def _markup(text: str, at: str) -> Iterator[str]:
    """Only a call and links to http(s) may stand between `<` and `>`; what is left of both must be escaped."""
    for found in _CONTROL.finditer(text):
        if not re.fullmatch(r"!channel|!here|https?://[^|\s]+\|[^|]+", found[1]):
            yield f"{at}: markup {found[0]!r}"
    rest = _CONTROL.sub("", text)
    if "<" in rest or ">" in rest or _AMPERSAND.search(rest):
        yield f"{at}: not escaped: {rest[:80]!r}"
