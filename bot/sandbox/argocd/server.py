"""The local Argo CD: its applications, the verbs of a story, and the HTTP in front."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from bot.sandbox.argocd.applications import Application, Json, stamp

TOKEN = "a token of the local Argo CD"  # noqa: S105 (it opens nothing but a stand-in on this machine)
_PATH = re.compile(r"/api/v1/applications/([^/]+)(/sync)?")
_PATIENCE = 30.0
"""Seconds that a refresh hangs while the controller stands still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: Any = None
    status: int = 0
    answer: Any = None


class Refused(Exception):
    """An answer that is no success: status, gRPC's code, Argo CD's words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class ArgoCD:
    """A running local Argo CD. `clock` returns the aware time now."""

    clock: Callable[[], datetime]
    url: str = ""
    token: str = TOKEN
    rights: set[str] = field(default_factory=lambda: {"get", "sync"})
    """What the token may do with every application."""
    applications: dict[tuple[str, str], Application] = field(default_factory=dict)
    """By namespace and name."""
    asked: list[Asked] = field(default_factory=list)
    answers: tuple[int, bytes] | None = None
    """Sent to everything, when it is set: status and body."""
    standing_still: bool = False
    """The controller does nothing: what is asked to be refreshed is waited for in vain."""
    window_closed: bool = False
    """A sync window forbids every sync."""
    rollout: Callable[[Application, str], None] | None = None
    """What a sync leads to at once, given the application and the commit; None: it stays `Running`."""
    _stopped: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def start(cls, clock: Callable[[], datetime]) -> Iterator[Self]:
        """Serves on a free port of this machine while the context lasts."""
        argocd = cls(clock=clock)
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"argocd": argocd}))
        argocd.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield argocd
        finally:
            argocd._stopped.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def application(self, name: str, **fields: Any) -> Application:
        """An application that was just created."""
        made = Application(name=name, reconciled_at=self.clock(), health_since=self.clock(), **fields)
        self.applications[made.namespace, made.name] = made
        return made

    def deploys(self, app: Application, revision: str, images: Sequence[str]) -> None:
        """A sync to a commit begins and succeeds now; the pods run these images and are healthy."""
        self.begins(app, revision)
        self.finishes(app, images)
        self.becomes(app, "Healthy")

    def begins(self, app: Application, revision: str) -> None:
        """A sync to a commit begins."""
        found = [revision] * len(app.repositories)
        which: Json = {"revision": revision} if len(found) == 1 else {"revisions": found}
        operation = app.asked or {"sync": which, "initiatedBy": {"automated": app.automated}}
        app.asked = None
        app.revisions = found
        app.operation = {
            "operation": operation,
            "phase": "Running",
            "startedAt": stamp(self.clock()),
            "syncResult": {**which, "resources": []},
        }

    def finishes(self, app: Application, images: Sequence[str]) -> None:
        """The sync that runs succeeds; the pods run these images, whatever their health."""
        at = self._ends(app, "Succeeded", "successfully synced (all tasks run)")
        revisions = {k: v for k, v in (app.operation or {})["syncResult"].items() if k.startswith("revision")}
        app.history.append({"id": len(app.history), "deployedAt": at, "deployStartedAt": at, **revisions})
        app.sync, app.images = "Synced", list(images)

    def fails(self, app: Application, message: str) -> None:
        """The sync that runs fails."""
        self._ends(app, "Failed", message)

    def _ends(self, app: Application, phase: str, message: str) -> str:
        at = stamp(self.clock())
        if app.operation is None:
            raise ValueError(f"no sync of {app.name} runs")
        app.operation |= {"phase": phase, "message": message, "finishedAt": at}
        app.reconciled_at = self.clock()
        return at

    def becomes(self, app: Application, health: str, message: str = "") -> None:
        """The health changes, or stays: then it lasts on since when it did."""
        if health != app.health:
            app.health_since = self.clock()
        app.health, app.health_message, app.reconciled_at = health, message, self.clock()

    def answer(self, method: str, target: str, sent: str, body: bytes) -> tuple[int, bytes]:
        """One request: status and body."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        parsed = json.loads(body) if body else None
        if self.answers is not None:
            status, data = self.answers
        else:
            try:
                status, data = (
                    200,
                    json.dumps(self._handled(method, parts.path, query, sent, parsed)).encode(),
                )
            except Refused as no:
                told = {"error": no.message, "code": no.code, "message": no.message}
                status, data = no.status, json.dumps(told).encode()
        said = json.loads(data) if self.answers is None else None
        self.asked.append(
            Asked(method=method, path=parts.path, query=query, body=parsed, status=status, answer=said)
        )
        return status, data

    def _handled(self, method: str, path: str, query: dict[str, list[str]], sent: str, body: Any) -> Json:
        if sent != f"Bearer {self.token}":
            raise Refused(401, 16, "invalid session: token signature is invalid")
        found = _PATH.fullmatch(path)
        verb = (method, found.group(2) or "") if found else None
        if found is None or verb not in (("GET", ""), ("POST", "/sync")):
            raise Refused(404, 5, "Not Found")
        name = unquote(found.group(1))
        given: Json = body if isinstance(body, dict) else {key: values[0] for key, values in query.items()}
        app = self._found(name, given)
        if method == "POST":
            return self._sync(app, given)
        if "refresh" in query:
            if self.standing_still:
                self._stopped.wait(_PATIENCE)
            app.reconciled_at = self.clock()
        return app.json()

    def _found(self, name: str, given: Json) -> Application:
        """Whether it exists is a secret to who does not name its project."""
        project = given.get("project")
        denied = Refused(403, 7, "permission denied")
        if "get" not in self.rights:
            raise denied
        app = self.applications.get((given.get("appNamespace") or "argocd", name))
        if app is None or (project and app.project != project):
            gone = Refused(404, 5, f'applications.argoproj.io "{name}" not found')
            raise gone if project else denied
        return app

    def _sync(self, app: Application, body: Json) -> Json:
        if self.window_closed:
            raise Refused(403, 7, "cannot sync: blocked by sync window")
        if "sync" not in self.rights:
            raise Refused(403, 7, f"permission denied: applications, sync, {app.project}/{app.name}")
        revision = (body.get("revisions") or [body.get("revision") or ""])[0]
        if app.automated and revision not in ("", app.target):
            words = f"Cannot sync to {revision}: auto-sync currently set to {app.target}"
            raise Refused(400, 9, words)
        if app.asked or (app.operation or {}).get("phase") in ("Running", "Terminating"):
            raise Refused(400, 9, "another operation is already in progress")
        chosen = {"revisions": body["revisions"]} if "revisions" in body else {"revision": revision}
        app.asked = {"sync": chosen, "initiatedBy": {"username": "lockstep"}}
        told = app.json()
        self.begins(app, revision)
        if self.rollout is not None:
            self.rollout(app, revision)
        return told


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    argocd: ArgoCD

    def do_GET(self) -> None:
        """Reads."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Writes."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def _answer(self, body: bytes) -> None:
        sent = self.headers.get("Authorization", "")
        status, data = self.argocd.answer(self.command, self.path, sent, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        with suppress(BrokenPipeError, ConnectionResetError):  # who asked had no more patience
            self.end_headers()
            self.wfile.write(data)
