"""A message as a letter: text and HTML with the same words; everything in the HTML is escaped, nothing is loaded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from html import escape
from textwrap import wrap

from bot.model.tidings import Message, Severity, Tiding

WIDTH = 76
COLOURS = {Severity.INFO: "#1f6feb", Severity.WARNING: "#9a6700", Severity.CRITICAL: "#b42318"}
SUBJECT = 180
"""Characters of a subject."""


def letter(message: Message, sender: str, to: Sequence[str], at: datetime) -> EmailMessage:
    """The letter. Raises ValueError for an address that is not one plain address: it could forge a header."""
    made = EmailMessage(policy=SMTP)
    made["Subject"] = _line(f"[Lockstep] {_grade(message.severity)}{message.title}")[:SUBJECT]
    made["From"] = _address("Lockstep", sender)
    made["To"] = [_address("", each) for each in to]
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    # RFC 3834: so that no absence note answers.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text(message), cte="quoted-printable")
    made.add_alternative(html(message), subtype="html", cte="quoted-printable")
    return made


def _address(name: str, address: str) -> Address:
    try:
        return Address(name, addr_spec=_line(address))
    except MessageError:
        raise ValueError("an address is not one plain address") from None


def _line(value: str) -> str:
    """One line: a header cannot be continued by what somebody wrote."""
    return " ".join(value.split())


def _grade(severity: Severity) -> str:
    return "" if severity is Severity.INFO else f"{severity.value}: "


def text(message: Message) -> str:
    """The plain text."""
    parts = [_tiding_text(each, alone=len(message.tidings) == 1) for each in message.tidings]
    if len(message.tidings) > 1:
        parts.insert(0, f"{message.title}\n{'=' * min(len(message.title), WIDTH)}")
    if message.more:
        parts.append(f"… and {message.more} more. `lockstep ledger` lists them all.")
    return "\n\n".join([*parts, f"-- \nLockstep · {_foot(message)}"]) + "\n"


def _tiding_text(told: Tiding, *, alone: bool) -> str:
    rule = "=" if alone else "-"
    lines = [told.title, rule * min(len(told.title), WIDTH)]
    if told.reason:
        lines += ["", *wrap(_inert(told.reason), WIDTH, break_long_words=False, break_on_hyphens=False)]
    rows = _rows(told)
    width = max((len(name) for name, _ in rows), default=0)
    if rows:
        lines += ["", *(line for name, value in rows for line in _row_text(name, value, width))]
    if told.links:
        lines += ["", *(f"{each.label}: {each.url}" for each in told.links)]
    return "\n".join(lines)


def _row_text(name: str, value: str, width: int) -> list[str]:
    """A name and its value, which goes on below itself where it is long."""
    first = f"{name + ':' if name else '':<{width + 1}} "
    return wrap(
        value,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _rows(told: Tiding) -> list[tuple[str, str]]:
    place = [("Environment", told.environment)] if told.environment else []
    when = [("When", f"{told.at:%Y-%m-%d %H:%M:%S} UTC")]
    found = [(name, _inert(value)) for name, value in (*place, *told.facts, *when) if value]
    return [
        ("" if at and name == found[at - 1][0] else name, value) for at, (name, value) in enumerate(found)
    ]


def _inert(value: str) -> str:
    """Mail readers make links of plain words: what others wrote gets a gap that nobody sees."""
    return re.sub(r"\b(www)\.", "\\1.\u200b", value.replace("://", ":\u200b//"), flags=re.IGNORECASE)


def _foot(message: Message) -> str:
    events = ", ".join(sorted({each.event for each in message.tidings}))
    return f"{message.repository} · {events} · {message.severity.value}"


def html(message: Message) -> str:
    """The HTML: styles inline, because many readers drop a style sheet; no image, no script, nothing from elsewhere."""
    colour = COLOURS[message.severity]
    many = len(message.tidings) > 1
    head = f'<h1 style="font-size:20px;margin:0 0 16px">{escape(message.title)}</h1>' if many else ""
    body = "".join(_tiding_html(each, alone=not many) for each in message.tidings)
    more = (
        f"<p>… and {message.more} more. <code>lockstep ledger</code> lists them all.</p>"
        if message.more
        else ""
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(message.title)}</title></head>"
        '<body style="margin:0;padding:24px;background:#f6f8fa;color:#1f2328;'
        'font:15px/1.5 system-ui,-apple-system,Segoe UI,Helvetica,Arial,sans-serif">'
        '<div style="max-width:640px;margin:0 auto;background:#ffffff;border:1px solid #d1d9e0;'
        f'border-top:4px solid {colour};border-radius:6px;padding:24px">'
        f"{head}{body}{more}"
        f'<p style="margin:24px 0 0;padding-top:12px;border-top:1px solid #d1d9e0;font-size:13px;color:#59636e">'
        f"Lockstep · {escape(_foot(message))}</p></div></body></html>\n"
    )


def _tiding_html(told: Tiding, *, alone: bool) -> str:
    level, size = ("h1", 20) if alone else ("h2", 16)
    title = f'<{level} style="font-size:{size}px;margin:0 0 8px">{escape(told.title)}</{level}>'
    reason = (
        f'<p style="margin:0 0 12px;overflow-wrap:anywhere">{escape(_inert(told.reason))}</p>'
        if told.reason
        else ""
    )
    rows = "".join(
        '<tr><th scope="row" style="text-align:left;vertical-align:top;padding:2px 16px 2px 0;font-weight:600;'
        f'white-space:nowrap">{escape(name)}</th>'
        f'<td style="padding:2px 0;overflow-wrap:anywhere">{escape(value)}</td></tr>'
        for name, value in _rows(told)
    )
    links = "".join(
        f'<a href="{escape(each.url)}" style="display:inline-block;margin:12px 8px 0 0;padding:6px 14px;'
        'border:1px solid #d1d9e0;border-radius:6px;color:#0550ae;text-decoration:none">'
        f"{escape(each.label)}</a>"
        for each in told.links
    )
    gap = "" if alone else "margin:0 0 24px"
    return f'<div style="{gap}">{title}{reason}<table style="border-collapse:collapse">{rows}</table>{links}</div>'
