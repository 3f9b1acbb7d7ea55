"""Handing a letter to an SMTP server. `smtps://` is TLS from the start; `smtp://` must upgrade with STARTTLS before
anything is said, but on this machine itself."""

from __future__ import annotations

import ipaddress
import logging
import smtplib
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import unquote, urlsplit

from bot.adapters.email.letter import letter
from bot.model.tidings import Later, Message, Outcome, Rejected, Sent

log = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds for each step of the conversation."""
PORTS = {"smtps": 465, "smtp": 587}


class NoTls(Exception):
    """The server offers no STARTTLS, and is not on this machine."""


class Mail:
    """One SMTP server, and who the letters are from. Safe between threads: a connection for each letter."""

    def __init__(
        self,
        url: str,
        sender: str | None,
        *,
        clock: Callable[[], datetime],
        context: ssl.SSLContext | None = None,
    ) -> None:
        """`url`: `smtp[s]://[user:password@]host[:port]`, the parts percent-encoded."""
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        # An IPv6 address is no domain that a letter can be from.
        self._sender = sender or f"lockstep@{'localhost' if ':' in self._host else self._host}"
        self._clock = clock
        self._context = context or ssl.create_default_context()

    @property
    def sender(self) -> str:
        """The address that letters are from."""
        return self._sender

    def send(self, message: Message, to: Sequence[str]) -> Outcome:
        """Sends once. The text of an error names the host and the server's code, nothing else."""
        try:
            made = letter(message, self._sender, to, self._clock())
        except ValueError as error:
            return Rejected(why=f"an address cannot stand in a header ({type(error).__name__})")
        try:
            with self._connected() as server:
                refused = server.send_message(made)
        except smtplib.SMTPRecipientsRefused as error:
            return _refused([code for code, _ in error.recipients.values()], "every recipient")
        except smtplib.SMTPResponseException as error:
            return _answered(error)
        except NoTls:
            return Later(why=f"{self._host} offers no STARTTLS: nothing is sent in the open; use smtps://")
        except (OSError, smtplib.SMTPException) as error:
            return Later(why=f"{self._host} did not take the letter ({type(error).__name__})")
        if refused:
            log.warning("%d of %d recipients were refused by %s", len(refused), len(to), self._host)
        return Sent()

    def check(self) -> Outcome:
        """Connects and logs in as for a letter, for the doctor; sends none."""
        try:
            with self._connected() as server:
                server.noop()
        except smtplib.SMTPAuthenticationError as error:
            return Rejected(why=f"the mail server refuses the login of SMTP_URL ({error.smtp_code})")
        except NoTls:
            return Rejected(why=f"{self._host} offers no STARTTLS: nothing is sent in the open; use smtps://")
        except (OSError, smtplib.SMTPException) as error:
            return Later(why=f"{self._host} does not answer as a mail server ({type(error).__name__})")
        return Sent()

    def _connected(self) -> smtplib.SMTP:
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=TIMEOUT, context=self._context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        try:
            server.ehlo()
            if not self._tls and (server.has_extn("starttls") or not _is_here(self._host)):
                if not server.has_extn("starttls"):
                    raise NoTls
                server.starttls(context=self._context)
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _answered(error: smtplib.SMTPResponseException) -> Outcome:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Later(why=f"the mail server refuses the login of SMTP_URL ({error.smtp_code})")
    if isinstance(error, smtplib.SMTPDataError):
        return _refused([error.smtp_code], "the letter")
    return Later(why=f"the mail server answered {error.smtp_code}")


def _refused(codes: Sequence[int], what: str) -> Outcome:
    """A code of 4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    why = f"the mail server refused {what} ({', '.join(str(code) for code in sorted(set(codes)))})"
    return Rejected(why=why) if codes and all(code >= 500 for code in codes) else Later(why=why)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
