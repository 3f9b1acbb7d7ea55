"""The trial's Slack: an incoming webhook on this machine, so that one sees who is told what, and in which words."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PATH = "/services/T0DEMO/B0DEMO/demo"
LARGEST = 1 << 20


class Slack:
    """Takes every message. `heard` is called with each, from a thread of its own."""

    def __init__(self) -> None:
        self.url = ""
        self.heard: Callable[[Mapping[str, Any]], None] = lambda _message: None

    @classmethod
    @contextmanager
    def start(cls) -> Iterator[Self]:
        """Serves while the context lasts."""
        slack = cls()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """A message."""
                length = int(self.headers.get("Content-Length") or 0)
                message = json.loads(self.rfile.read(length)) if length <= LARGEST else {}
                right = self.path == PATH and bool(message.get("text"))
                if right:
                    slack.heard(message)
                said = b"ok" if right else b"no_text"
                self.send_response(200 if right else 400)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        slack.url = f"http://127.0.0.1:{server.server_port}{PATH}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield slack
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def words(message: Mapping[str, Any]) -> str:
    """The message as people read it, on one line: heading, text, fields, the labels of its buttons."""
    parts: list[str] = []
    for block in message.get("blocks", ()):
        parts += [str((block.get("text") or {}).get("text") or "")]
        parts += [str(each.get("text", "")).replace("\n", " ") for each in block.get("fields", ())]
        labels = [each["text"]["text"] for each in block.get("elements", ()) if each.get("type") == "button"]
        parts += [f"[{'] ['.join(labels)}]"] if labels else []
    text = " · ".join(part.replace("*", "").strip() for part in parts if part.strip())
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
