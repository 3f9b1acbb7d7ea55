"""One connection to an address that was checked, with one moment at which everything must be over."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import suppress
from time import monotonic


class Deadline:
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

    def over(self, connection: Connection) -> _Cut:
        """A context in which the connection is cut at the deadline: a drip of bytes resets every socket timeout."""
        return _Cut(self, connection)


class _Cut:
    def __init__(self, deadline: Deadline, connection: Connection) -> None:
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


class Connection(http.client.HTTPConnection):
    """Connects to addresses that were checked, and asks DNS no second time: rebinding finds no gap."""

    def __init__(
        self, host: str, port: int, addresses: list[str], tls: ssl.SSLContext | None, deadline: Deadline
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
