"""Runs the web application under gunicorn: several processes with threads, limits, a graceful end.

Started as a library rather than by command line, so that settings are checked before the port is bound
(attack case 4) and the composition root stays one function.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from gunicorn.errors import HaltServer
from prometheus_client import multiprocess

from bot.errors import UserError
from bot.settings import Settings, warn_about
from bot.web import metrics
from bot.web.workers import JsonLogger, Workers, refuse_ambiguous_framing, settle

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
    """Serves until SIGTERM or SIGINT; requests that are being answered then get 10 seconds to finish. Ends the
    process: with 0, or with 3 when `make_app` failed.

    `make_app` is called once in each worker process. `port` defaults to the settings'. Raises UserError when
    the address cannot be bound, or when that is what `make_app` raised.
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
        "logger_class": JsonLogger,
        "loglevel": settings.log_level.lower(),
        # Heartbeats are files: on a slow disk a healthy worker looks dead.
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,  # noqa: S108  # gunicorn unlinks it at once
        "control_socket_disable": True,
        "post_worker_init": settle,
        "pre_request": refuse_ambiguous_framing,
        "child_exit": lambda _server, worker: _forget(worker.pid),
    }
    _run(Workers(make_app, options, Path(directory)), Path(directory))


def _run(server: Workers, directory: Path) -> None:
    """Runs, and cleans up. Workers are forks inside of `run` and leave through here too; they touch nothing."""
    master = os.getpid()
    try:
        server.run()
    except (SystemExit, HaltServer) as ended:
        if os.getpid() == master and (mistake := server.mistake()):
            raise UserError(mistake) from None
        if isinstance(ended, HaltServer):  # a second worker failed while gunicorn was stopping for the first
            raise SystemExit(ended.exit_status) from None
        raise
    finally:
        if os.getpid() == master:
            shutil.rmtree(directory, ignore_errors=True)


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
