"""A real SMTP server on loopback (aiosmtpd) that keeps the letters, or refuses as it is told to."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.servers.running import free_port


@dataclass
class Mailbox:
    """What was sent: `to` as the envelope had it."""

    url: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    refuses_letter: str = ""
    """The answer to the letter, such as `554 no`; empty: taken."""
    refuses_recipients: str = ""

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """One recipient."""
        if self.refuses_recipients:
            return self.refuses_recipients
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:
        """A letter."""
        if self.refuses_letter:
            return self.refuses_letter
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.raw.append(envelope.content)
        self.to.append(list(envelope.rcpt_tos))
        self.secured.append(session.ssl is not None)
        return "250 Taken"


@contextmanager
def mail(
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    login: tuple[str, str] | None = None,
) -> Iterator[Mailbox]:
    """A server on a free port. `tls`: it offers STARTTLS, or with `implicit` speaks TLS from the start."""
    box = Mailbox()

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=given, handled=False)

    controller = Controller(
        box, hostname="127.0.0.1", port=(port := free_port()), ssl_context=tls if implicit else None,
        tls_context=None if implicit else tls, authenticator=check if login else None,
        auth_required=login is not None, auth_require_tls=tls is not None and not implicit,
    )  # fmt: skip
    controller.start()
    try:
        box.url = f"{'smtps' if implicit else 'smtp'}://127.0.0.1:{port}"
        yield box
    finally:
        controller.stop()
