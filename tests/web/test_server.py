"""The same doors over a real gunicorn with two workers: sizes, framing, metrics, the end."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.web import body, server
from tests.web.fakes import headers, make_settings, run_completed, sample, signature
from tests.web.served import Served, start, started

SMALL = b'{"zen": "Design for failure."}'
RUN = str(run_completed()).replace("'", '"').encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = started(tmp_path_factory.mktemp("served"), "tests.web.serve_fake")
    yield served
    served.process.terminate()
    served.process.communicate(timeout=60)


def test_case_6_gunicorn_is_newer_than_its_request_smuggling() -> None:
    assert tuple(map(int, version("gunicorn").split(".")[:3])) > (21, 2, 0)


@pytest.mark.parametrize(
    "framing",
    [
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
    ],
)
def test_case_6_conflicting_framing_is_refused_and_the_connection_closed(
    served: Served, framing: bytes
) -> None:
    request = b"POST /webhook HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n0\r\n\r\nGET /live HTTP/1.1\r\n\r\n"
    answer = served.raw(request)
    assert answer.split(b" ")[1] in (b"400", b"501")
    assert answer.count(b"HTTP/1.1") == 1


def test_case_2_a_signature_header_sent_twice_is_refused(served: Served) -> None:
    header = f"X-Hub-Signature-256: {signature(SMALL)}\r\n"
    request = (
        "POST /webhook HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: ping\r\nX-GitHub-Delivery: 1\r\nContent-Length: {len(SMALL)}\r\n"
    )
    once = served.raw(f"{request}{header}\r\n".encode() + SMALL)
    twice = served.raw(f"{request}{header}{header}\r\n".encode() + SMALL)
    assert (once.split(b" ")[1], twice.split(b" ")[1]) == (b"202", b"401")


def test_case_2_odd_headers_kill_no_worker(served: Served) -> None:
    before = {worker.pid for worker in served.workers()}
    answers = [
        served.post(SMALL, X_Hub_Signature_256=odd) for odd in ("\xff\xfe", "sha256=" + "a" * 5000, "")
    ]
    assert answers == [401, 401, 401]
    assert {worker.pid for worker in served.workers()} == before


def padded(size: int) -> bytes:
    """A payload of exactly that many bytes."""
    return RUN[:-1] + b" " * (size - len(RUN)) + b"}"


def test_case_5c_a_body_at_the_limit_is_accepted(served: Served) -> None:
    assert served.post(padded(body.LIMIT)) == 202


def test_case_5d_a_body_over_the_limit_is_refused(served: Served) -> None:
    assert served.post(padded(body.LIMIT + 1)) == 413


def chunked(served: Served, total: int, *, signed: bytes | None) -> bytes:
    """Sends up to `total` bytes in chunks, and the end; the first line of the answer, b"" for a closed line."""
    lines = [
        "POST /webhook HTTP/1.1",
        "Host: x",
        "Transfer-Encoding: chunked",
        "Content-Type: application/json",
    ]
    lines += ["X-GitHub-Event: workflow_run", "X-GitHub-Delivery: 1"]
    lines += [f"X-Hub-Signature-256: {signature(signed)}"] if signed is not None else []
    data = padded(total)
    step = 1 << 18
    with served.connect() as line:
        try:
            line.sendall("\r\n".join([*lines, "", ""]).encode())
            for at in range(0, total, step):
                piece = data[at : at + step]
                line.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            line.sendall(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed while we were sending; an answer may have come before
        try:
            return line.recv(65536).split(b"\r\n")[0]
        except ConnectionResetError:
            return b""


def test_case_5c_chunks_up_to_the_limit_are_accepted(served: Served) -> None:
    assert b" 202 " in chunked(served, body.LIMIT, signed=padded(body.LIMIT))


def test_case_5d_chunks_over_the_limit_are_refused(served: Served) -> None:
    assert b" 413 " in chunked(served, body.LIMIT + 1, signed=padded(body.LIMIT + 1))


def test_case_5b_endless_unsigned_chunks_take_no_memory_and_hold_up_nobody(served: Served) -> None:
    before = served.memory()
    answer = chunked(served, 4 * body.LIMIT, signed=None)
    began = time.monotonic()
    served.get("/live")
    assert time.monotonic() - began < 10
    assert answer == b"" or b" 401 " in answer
    assert served.memory() - before < 2 * body.LIMIT


CHUNKED = (
    "POST /webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n"
    "X-GitHub-Event: ping\r\nX-GitHub-Delivery: 1\r\n"
    f"X-Hub-Signature-256: {signature(SMALL)}\r\n\r\n"
).encode()
PIECE = b"%x\r\n%s\r\n" % (len(SMALL), SMALL)


@pytest.mark.parametrize(
    "rest",
    [
        b"zz\r\n" + SMALL,
        PIECE[:-2] + b"0\r\n\r\n",
        PIECE + b"0\r\nbad trailer\r\n\r\n",
        PIECE + b"0\r\nX: " + b"a" * 600_000 + b"\r\n\r\n",
        PIECE + b"5\r\nhal",
    ],
    ids=["size", "end of chunk", "trailer", "long trailer", "cut off"],
)
def test_malformed_chunks_are_a_bad_request(served: Served, rest: bytes) -> None:
    with served.connect() as line:
        line.sendall(CHUNKED + rest)
        line.shutdown(socket.SHUT_WR)
        assert line.recv(65536).split(b" ")[1] == b"400"


def test_metrics_are_the_sum_of_all_workers(served: Served) -> None:
    def stored() -> float:
        text = served.get("/metrics")
        return sample(text, "lockstep_webhook_deliveries_total", event="workflow_run", outcome="stored again")

    served.post(RUN)
    served.post(RUN)
    before = stored()
    for _ in range(12):  # whichever workers take them: each has seen this delivery, or counts it as new once
        served.post(RUN)
    assert 10 <= stored() - before <= 12
    assert stored() == stored()


def test_sigterm_lets_a_delivery_finish_and_leaves_nothing_behind(tmp_path: Path) -> None:
    served = started(tmp_path, "tests.web.serve_fake")
    with served.connect() as line:
        head = "".join(f"{name}: {value}\r\n" for name, value in headers(RUN).items())
        request = (
            f"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(RUN)}\r\n{head}\r\n".encode() + RUN
        )
        line.sendall(request[:-10])
        time.sleep(0.3)  # the worker has to have taken it up; nothing outside tells that
        served.process.send_signal(signal.SIGTERM)
        line.sendall(request[-10:])
        assert b" 202 " in line.recv(65536)
    served.process.communicate(timeout=60)
    assert (served.process.returncode, list(tmp_path.iterdir())) == (0, [])


def test_a_composition_root_that_fails_ends_the_server_with_3(tmp_path: Path) -> None:
    served = start(tmp_path, "tests.web.serve_fake", "broken")
    served.process.communicate(timeout=30)
    assert (served.process.returncode, list(tmp_path.iterdir())) == (3, [])


def test_a_mistake_that_a_person_can_mend_is_raised_in_the_master(tmp_path: Path) -> None:
    served = start(tmp_path, "tests.web.serve_fake", "mistaken")
    _, said = served.process.communicate(timeout=30)
    assert said.decode().endswith("bot.errors.UserError: DATABASE_URL names a role that may not do this.\n")
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_told_before_anything_starts() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"127.0.0.1:{port} cannot be bound"):
            server.serve(make_settings(), lambda: None, port=port)  # type: ignore[arg-type,return-value]  # never called
