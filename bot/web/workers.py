"""How gunicorn's parts are bent to this house: what a worker loads, what it refuses, where its messages go."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.http.errors import InvalidHeader

from bot.errors import UserError


def settle(_worker: Any) -> None:
    """Takes what the imports left behind out of garbage collection: a full one would hold a delivery up."""
    gc.collect()
    gc.freeze()


def refuse_ambiguous_framing(_worker: Any, request: Any) -> None:
    """400 and an end to the connection unless `chunked` is all that Transfer-Encoding says, once (attack case 6).

    gunicorn takes `identity, chunked` for chunked; a proxy in front of it may take it for something else.
    """
    codings = [value for name, value in request.headers if name == "TRANSFER-ENCODING"]
    if codings and [coding.strip().lower() for coding in codings] != ["chunked"]:
        raise InvalidHeader("TRANSFER-ENCODING")


class Workers(BaseApplication):
    """gunicorn with options from a dict. Options that this version does not know are left out."""

    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any], directory: Path) -> None:
        """`directory` is shared with the workers; a mistake that keeps them from starting is noted there."""
        self._make_app = make_app
        self._note = directory / "mistake"
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Called by gunicorn."""
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Called by gunicorn in each worker."""
        try:
            return self._make_app()
        except UserError as error:
            self._note.write_text(str(error), "utf-8")
            raise

    def mistake(self) -> str:
        """What a person must mend before the workers can start, or nothing."""
        return self._note.read_text("utf-8") if self._note.exists() else ""


class JsonLogger(Logger):
    """Hands gunicorn's messages to the root logger, which formats and redacts."""

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn at the start and after a reload."""
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(str(cfg.loglevel).upper())
