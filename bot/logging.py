"""Logs: one JSON object a line, with every known secret and everything that looks like one blacked out.

Redaction is the last step before a line is written, so it also covers exceptions' texts and tracebacks of
libraries that quote URLs and headers (attack case 93). Control characters are escaped by JSON, so an entry is
always one line (98).
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO, Any

_BLACK = "[redacted]"
# Shorter texts would black out half of every line; nothing that short protects anything either.
_SHORTEST = 4
_PATTERNS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9_.-]{16,}|github_pat_\w{16,})"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"https://hooks\.slack\.com/\S+"),
    # The group is kept: it says where the secret stood.
    re.compile(r"(?i)(\bauthorization['\"]?\s*[:=]\s*['\"]?(?:(?:token|bearer|basic)\s+)?)[^\s'\",]+"),
    re.compile(r"(?i)(\bbearer\s+)[^\s'\",]+"),
    re.compile(r"(://)[^\s/@:]*:[^\s/@]+(?=@)"),
)
# What a LogRecord always has; whatever else is on it came in by `extra=`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Redactor:
    """Blacks out secrets: exact texts (a PEM key also line by line), and what has the shape of a secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        texts: set[str] = set()
        for secret in secrets:
            lines = [line for line in secret.splitlines() if not line.startswith("-----")]
            texts |= {secret, secret.strip(), *(lines if len(lines) > 1 else ())}
        # Longest first, so that a secret that contains another is blacked out whole.
        wanted = sorted((text for text in texts if len(text) >= _SHORTEST), key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, wanted))) if wanted else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._exact is not None:
            text = self._exact.sub(_BLACK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(lambda match: (match[1] if match.re.groups else "") + _BLACK, text)
        return text


class JsonFormatter(logging.Formatter):
    """A record as a line of JSON: `at` (UTC), `level`, `logger`, `message`, `extra=` fields, `exception`."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """One line, without its end."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = value if isinstance(value, int | float | None) else str(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # One look at the whole line finds out that there is nothing to redact, which is the rule.
        texts = "\n".join([text for text in line.values() if isinstance(text, str)])
        if self._redact(texts) != texts:
            line = {
                name: self._redact(text) if isinstance(text, str) else text for name, text in line.items()
            }
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, secrets: Iterable[str], stream: IO[str] | None = None) -> None:
    """Sends all logs of this process to `stream` (default: standard error), redacted, and nowhere else."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter(Redactor(secrets)))
    root = logging.getLogger()
    for former in list(root.handlers):
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    # Alembic lists its plugins at every start; Procrastinate tells twice of each job what the worker tells in one line.
    for chatty in ("alembic.runtime.plugins", "procrastinate"):
        logging.getLogger(chatty).setLevel(
            root.level if level == "DEBUG" else max(logging.WARNING, root.level)
        )
