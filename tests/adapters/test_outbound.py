"""The guarded way out: what it never reaches, and where it stops (attack case 90)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bot.adapters.outbound import Blocked, NoAnswer, Outbound, refusal, without_credentials

Handle = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def served(handle: Handle) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            handle(self)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(body: bytes, status: int = 200, **headers: str) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return handle


@pytest.fixture
def reached() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and the paths that were asked of it."""
    asked: list[str] = []

    def handle(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        says(b"here")(request)

    with served(handle) as url:
        yield url, asked


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[fd00:ec2::254]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://168.63.129.16/",
        "http://224.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "http://ехample.com/",
        "http://user:word@example.com/",
        "http://[bad/",
    ],
)
def test_case_90_an_address_that_is_not_public_is_never_asked(url: str) -> None:
    with pytest.raises(Blocked):
        Outbound().request("GET", url)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1%eth0", "127.0.0.1", "10.1.2.3", "::1"])
def test_case_90_a_name_that_resolves_to_a_private_address_is_not_asked(address: str) -> None:
    out = Outbound(resolve=lambda host, port: ["93.184.216.34", address])
    with pytest.raises(Blocked, match=r"innocent\.example leads to"):
        out.request("GET", "https://innocent.example/")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_may_be_asked_also_through_nat64(address: str) -> None:
    assert refusal(address, own=False) is None


def test_case_90_a_redirect_to_the_metadata_address_is_handed_back_and_not_followed() -> None:
    with served(says(b"", 302, Location="http://169.254.169.254/")) as url:
        assert Outbound([url]).request("GET", url).status == 302


def test_case_90_the_address_that_was_checked_is_the_one_connected_to(
    reached: tuple[str, list[str]],
) -> None:
    url, asked = reached
    port = url.rpartition(":")[2]
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    own = f"http://rebinds.example:{port}"
    assert (
        Outbound([own], resolve=lambda host, port: next(answers)).request("GET", own + "/a").body == b"here"
    )
    assert asked == ["/a"]


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "0.0.0.0"])
def test_case_90_even_the_operators_own_name_never_leads_to_metadata(address: str) -> None:
    own = "http://prometheus.internal:9090"
    with pytest.raises(Blocked):
        Outbound([own], resolve=lambda host, port: [address]).request("GET", own)


def test_the_operators_own_server_may_be_private(reached: tuple[str, list[str]]) -> None:
    url, _ = reached
    assert Outbound([url]).request("GET", url).body == b"here"


def test_another_port_of_the_operators_host_is_not_the_operators_server(
    reached: tuple[str, list[str]],
) -> None:
    url, asked = reached
    with pytest.raises(Blocked):
        Outbound(["http://127.0.0.1:1"]).request("GET", url)
    assert asked == []


def test_an_answer_over_the_limit_is_refused() -> None:
    with served(says(b"x" * 101)) as url, pytest.raises(NoAnswer, match="larger than 100 bytes"):
        Outbound([url]).request("GET", url, limit=100)


def test_an_answer_that_is_exactly_at_the_limit_is_taken() -> None:
    with served(says(b"x" * 100)) as url:
        assert len(Outbound([url]).request("GET", url, limit=100).body) == 100


def test_an_answer_that_is_cut_short_is_no_answer() -> None:
    with served(says(b"half", Content_Length="8")) as url, pytest.raises(NoAnswer, match="cut short"):
        Outbound([url]).request("GET", url)


def test_a_compressed_answer_is_refused() -> None:
    with served(says(b"x", Content_Encoding="gzip")) as url, pytest.raises(NoAnswer, match="compressed"):
        Outbound([url]).request("GET", url)


def test_a_server_that_drips_is_cut_off_at_the_total_time() -> None:
    done = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not done.wait(0.02):
            try:
                request.wfile.write(b"x")
            except OSError:
                return

    with served(drip) as url:
        try:
            with pytest.raises(NoAnswer, match=r"within 0\.3 s"):
                Outbound([url]).request("GET", url, timeout=0.3)
        finally:
            done.set()


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as quiet:
        url = f"http://127.0.0.1:{quiet.getsockname()[1]}"
        with pytest.raises(NoAnswer, match=r"within 0\.2 s"):
            Outbound([url]).request("GET", url, timeout=0.2)


def test_a_closed_port_is_no_answer_and_the_message_holds_no_path() -> None:
    with socket.create_server(("127.0.0.1", 0)) as soon_closed:
        url = f"http://127.0.0.1:{soon_closed.getsockname()[1]}"
    with pytest.raises(NoAnswer, match=r"^127\.0\.0\.1 refused the connection$"):
        Outbound([url]).request("GET", url + "/secret-path?token=hidden")


def test_credentials_are_taken_out_of_an_address() -> None:
    assert without_credentials("https://me:p%40ss@host:9090/base") == ("https://host:9090/base", "me:p@ss")
