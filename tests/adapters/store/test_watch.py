"""Hanging up on a database that keeps silent."""

from __future__ import annotations

import socket

from bot.adapters.store.watch import Watch


def test_a_silent_connection_is_hung_up_when_its_time_is_over() -> None:
    ours, _theirs = socket.socketpair()
    watch = Watch()
    with watch.over(ours.fileno(), 0.1):
        ours.settimeout(5)
        assert ours.recv(1) == b""
    watch.stop()


def test_a_connection_that_was_given_longer_is_left_alone() -> None:
    ours, _theirs = socket.socketpair()
    other, _more = socket.socketpair()
    watch = Watch()
    with watch.over(other.fileno(), 60.0), watch.over(ours.fileno(), 0.1):
        ours.settimeout(5)
        assert ours.recv(1) == b""
        other.setblocking(False)
        try:
            said = other.recv(1)
        except BlockingIOError:
            said = b"still open"
    watch.stop()
    assert said == b"still open"
