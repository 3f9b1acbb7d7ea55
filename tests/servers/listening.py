"""A server on loopback that keeps what is posted to it, and answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Mapping[str, str], str]


@dataclass
class Posted:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Listener:
    """What was posted, and the answer that comes next: `answers` are used up, then everything is judged by `judge`."""

    judge: Callable[[Posted], Answer]
    url: str = ""
    posts: list[Posted] = field(default_factory=list)
    """Those that were taken (200)."""
    asked: int = 0
    answers: list[Answer] = field(default_factory=list)
    down: bool = False
    """Answers 503 while it is set."""

    def answer(self, posted: Posted) -> Answer:
        """The answer to a request; keeps it when it is taken."""
        self.asked += 1
        if self.down:
            return 503, {}, "down"
        found = self.answers.pop(0) if self.answers else self.judge(posted)
        if found[0] == 200:
            self.posts.append(posted)
        return found


@contextmanager
def listening(judge: Callable[[Posted], Answer], path: str = "") -> Iterator[Listener]:
    """A listener on a free port while the context lasts."""
    listener = Listener(judge=judge)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, text = listener.answer(Posted(path=self.path, headers=headers, body=body))
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST

        def do_HEAD(self) -> None:
            """Nothing is posted; most receivers know `POST` alone."""
            listener.asked += 1
            self.send_response(503 if listener.down else 405)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}{path}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
