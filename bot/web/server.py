"""Runs the web application under gunicorn: several processes with threads, limits, a graceful end.

Started as a library rather than by command line, so that settings are checked before the port is bound
(attack case 4) and the composition root stays one function.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import InvalidHeader
from prometheus_client import multiprocess

from bot.errors import UserError
from bot.settings import Settings, warn_about
from bot.web import metrics

_log = logging.getLogger(__name__)
_forget: Callable[[int], None] = multiprocess.mark_process_dead  # untyped in the library


def serve(
    settings: Settings,
    make_app: Callable[[], Flask],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    workers: int = 2,
    threads: int = 8,
) -> None:
    """Serves until SIGTERM or SIGINT; requests that are being answered then get 10 seconds to finish. Does
    not return.

    `make_app` is called once in each worker process. `port` defaults to the settings'. Raises UserError when
    the address cannot be bound. Exits with 3 when `make_app` fails.
    """
    port = settings.port if port is None else port
    _check_free(host, port)
    warn_about(settings, _log)
    directory = tempfile.mkdtemp(prefix="lockstep-metrics-")
    metrics.share(directory)
    options = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": threads,
        # GitHub waits ten seconds; whatever takes three times as long is stuck.
        "timeout": 30,
        "graceful_timeout": 10,
        "keepalive": 5,
        "limit_request_line": 4094,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        "logger_class": _Logger,
        "loglevel": settings.log_level.lower(),
        # Heartbeats are files: on a slow disk a healthy worker looks dead.
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108  # gunicorn unlinks it at once
        "control_socket_disable": True,
        "post_worker_init": _settle,
        "pre_request": _refuse_ambiguous_framing,
        "child_exit": lambda _server, worker: _forget(worker.pid),
        "on_exit": lambda _server: shutil.rmtree(directory, ignore_errors=True),
    }
    _Server(make_app, options).run()


def _settle(_worker: Any) -> None:
    """Takes what the imports left behind out of garbage collection: a full one would hold a delivery up."""
    gc.collect()
    gc.freeze()


def _refuse_ambiguous_framing(_worker: Any, request: Any) -> None:
    """400 and an end to the connection unless `chunked` is all that Transfer-Encoding says, once (attack case 6).

    gunicorn takes `identity, chunked` for chunked; a proxy in front of it may take it for something else.
    """
    codings = [value for name, value in request.headers if name == "TRANSFER-ENCODING"]
    if codings and [coding.strip().lower() for coding in codings] != ["chunked"]:
        raise InvalidHeader("TRANSFER-ENCODING")


def _check_free(host: str, port: int) -> None:
    """gunicorn would try five times and end with a code that means something else here."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UserError(
            f"{host}:{port} cannot be bound ({error.strerror})."
            " Choose another PORT or --host, or stop what uses it."
        ) from error


class _Server(BaseApplication):
    """gunicorn with options from a dict. Options that this version does not know are left out."""

    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Called by gunicorn in each worker."""
        return self._make_app()


class _Logger(Logger):
    """Hands gunicorn's messages to the root logger, which formats and redacts."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn at the start and after a reload."""
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(str(cfg.loglevel).upper())
