"""The guarded way out: one HTTP client for addresses that others may have chosen (attack case 90).

Size and time are limited, redirects are never followed, no proxy and no `.netrc` is used, and the address is
checked when connecting, after DNS, on the very address that is connected to. Only public addresses are reached, but
for the operator's own servers (settings), which may be private or on this machine. Link-local addresses, where clouds
keep their metadata, are reached for nobody.
"""

from __future__ import annotations

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import unquote, urlsplit, urlunsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bot.errors import Retryable, UserError

USER_AGENT = "lockstep"
LIMIT = 1024 * 1024
"""Bytes of an answer's body."""
TIMEOUT = 10.0
"""Seconds for everything together: connecting, sending, and the whole answer."""

_CHUNK = 64 * 1024
_METADATA = frozenset(
    ipaddress.ip_address(each) for each in ("100.100.100.200", "168.63.129.16", "fd00:ec2::254")
)
"""Metadata services outside the link-local range: Alibaba, Azure, AWS over IPv6."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]


class Blocked(UserError):
    """The address may not be asked. The message names the host, never a path, query or credentials."""


class NoAnswer(Retryable):
    """No whole answer came within the limits. The message names the host alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came, redirects included. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def without_credentials(url: str) -> tuple[str, str]:
    """`https://user:word@host/x` as (`https://host/x`, `user:word`); the second is empty when there are none."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(user) if at else ""


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host by the system's resolver. Raises OSError."""
    return list(
        dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    )


def refusal(address: str, *, own: bool) -> str | None:
    """Why this IP address is not connected to; None when it may be. `own`: it is the operator's own server."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    for each in _meant(ip):
        if each.is_link_local or each in _METADATA:
            return "a link-local or metadata address"
        if each.is_multicast or each.is_unspecified:
            return "not the address of one server"
        if not own and (not each.is_global or each.is_reserved):
            return "a private address"
    return None


def _meant(ip: Address) -> tuple[Address, ...]:
    """The addresses that are reached by it: the IPv4 address inside a NAT64 or mapped one, and inside tunnels too."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return (ip,)
    if ip in _NAT64:  # how an IPv6-only network reaches the IPv4 world
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    if ip.ipv4_mapped is not None:
        return (ip.ipv4_mapped,)
    return (ip, *(each for each in (ip.sixtofour, *(ip.teredo or ())) if each is not None))


class Outbound:
    """The client. `own` are URLs of the operator's servers, which may be private. Safe between threads."""

    def __init__(self, own: Iterable[str] = (), *, resolve: Resolve = resolve) -> None:
        self._own = frozenset(_place(url)[1:] for url in own)
        self._resolve = resolve
        self._context: ssl.SSLContext | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit: int = LIMIT,
        timeout: float = TIMEOUT,
    ) -> Answer:
        """Asks once. Any status is an answer, 3xx too: nothing is followed.

        Raises Blocked for an address that may not be asked; NoAnswer when none comes, is cut short, is larger than
        `limit` bytes or takes longer than `timeout` seconds in all.
        """
        scheme, host, port = _place(url)
        parts = urlsplit(url)
        target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        if re.search(r"[^\x21-\x7e]", target):
            raise Blocked(f"the address at {host} holds blanks or characters that are not ASCII")
        deadline = _Deadline(timeout)
        connection = _Connection(
            host, port, self._addresses(host, port), self._tls() if scheme == "https" else None, deadline
        )
        asked = {
            "User-Agent": USER_AGENT,
            "Accept-Encoding": "identity",
            "Connection": "close",
            **(headers or {}),
        }
        try:
            with deadline.over(connection):
                connection.request(method, target, body=body, headers=asked)
                with connection.getresponse() as response:
                    data = _read(response, host, limit)
                    deadline.left()  # what was cut looks like an end
                    found = {name.lower(): value for name, value in response.getheaders()}
                    return Answer(status=response.status, headers=found, body=data)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NoAnswer(_why(host, error, deadline)) from None
        finally:
            connection.close()

    def _tls(self) -> ssl.SSLContext:
        """Made when it is first needed: loading every certificate takes a tenth of a second."""
        if self._context is None:
            context = ssl.create_default_context()
            # A slim container may have no certificates of its own.
            context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
            self._context = context
        return self._context

    def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to; one that is not allowed refuses the name as a whole."""
        try:
            found = self._resolve(host, port)
        except (OSError, UnicodeError):
            raise NoAnswer(f"the host name {host} cannot be resolved") from None
        if not found:
            raise NoAnswer(f"the host name {host} has no address")
        own = (host, port) in self._own
        for address in found:
            why = refusal(address, own=own)
            if why:
                raise Blocked(f"{host} leads to {address}, {why}: it is not asked")
        return found


class _Deadline:
    """One moment at which everything must be over; a timer cuts the connection then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = monotonic() + seconds
        self.passed = False

    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none."""
        left = self._end - monotonic()
        if left <= 0:
            self.passed = True
            raise TimeoutError
        return left

    def over(self, connection: _Connection) -> _Cut:
        """A context in which the connection is cut at the deadline: a drip of bytes resets every socket timeout."""
        return _Cut(self, connection)


class _Cut:
    def __init__(self, deadline: _Deadline, connection: _Connection) -> None:
        self._deadline = deadline
        self._connection = connection
        self._timer = threading.Timer(deadline.left(), self._cut)
        self._timer.daemon = True

    def _cut(self) -> None:
        self._deadline.passed = True
        self._connection.cut()

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


class _Connection(http.client.HTTPConnection):
    """Connects to addresses that were checked, and asks DNS no second time: rebinding finds no gap."""

    def __init__(
        self, host: str, port: int, addresses: list[str], tls: ssl.SSLContext | None, deadline: _Deadline
    ) -> None:
        super().__init__(host, port)
        self.default_port = 443 if tls else 80  # so that the Host header has no needless port
        self._addresses = addresses
        self._tls = tls
        self._deadline = deadline
        # Not `sock`: http.client forgets that one before the body of a closing answer is read.
        self._cuttable: socket.socket | None = None

    def connect(self) -> None:
        raw = self._reached()
        raw.settimeout(self._deadline.left())
        self.sock = self._cuttable = raw
        if self._tls:
            secured = self._tls.wrap_socket(raw, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock = self._cuttable = secured
            secured.do_handshake()

    def _reached(self) -> socket.socket:
        trouble: OSError = OSError()
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), timeout=self._deadline.left())
            except TimeoutError:
                raise
            except OSError as error:
                trouble = error
        raise trouble

    def cut(self) -> None:
        """Ends whatever the connection is waiting for, from another thread."""
        if self._cuttable is not None:
            with suppress(OSError):  # it may have ended by itself a moment ago
                socket.socket.shutdown(self._cuttable, socket.SHUT_RDWR)


def _place(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address. Raises Blocked for one that is no plain http(s) address."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError:
        raise Blocked("an address that cannot be read is not asked; write it as https://host/path") from None
    if scheme not in ("http", "https") or not host:
        raise Blocked(f"only http and https addresses are asked, not {scheme[:20] or 'one without a scheme'}")
    if "@" in parts.netloc:
        raise Blocked(f"the address at {host} holds a user name; credentials belong into the settings")
    if not re.fullmatch(r"[A-Za-z0-9._:%-]{1,253}", host, re.ASCII):
        raise Blocked("a host name that is not plain ASCII is not asked")
    return scheme, host, port or (443 if scheme == "https" else 80)


def _read(response: http.client.HTTPResponse, host: str, limit: int) -> bytes:
    if response.getheader("Content-Encoding", "identity").lower() not in ("identity", ""):
        raise NoAnswer(f"{host} sent a compressed answer, which was not asked for")
    data = bytearray()
    while chunk := response.read(_CHUNK):
        data += chunk
        if len(data) > limit:
            raise NoAnswer(f"the answer of {host} is larger than {limit} bytes")
    if response.length:
        raise NoAnswer(f"the answer of {host} was cut short")
    return bytes(data)


def _why(host: str, error: Exception, deadline: _Deadline) -> str:
    if deadline.passed or isinstance(error, TimeoutError):
        return f"{host} did not answer within {deadline.seconds:g} s"
    if isinstance(error, ssl.SSLError):
        return f"{host} has no certificate that can be trusted ({type(error).__name__})"
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refused the connection"
    return f"{host} did not answer ({type(error).__name__})"
