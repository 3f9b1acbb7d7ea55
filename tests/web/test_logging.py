"""Secrets do not reach the log, whatever they come in (attack case 93), and an entry is one line (98)."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from bot.logging import Redactor, configure
from tests.web.fakes import SECRET, pem


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure("INFO", [SECRET, pem()], stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_is_json_with_its_extra_fields(log: io.StringIO) -> None:
    logging.getLogger("bot.web").info("delivery %s", "stored", extra={"delivery": "72d3", "attempt": 2})
    line = json.loads(log.getvalue())
    assert (line["message"], line["delivery"], line["attempt"]) == ("delivery stored", "72d3", 2)
    assert (line["level"], line["logger"]) == ("info", "bot.web")


def test_case_93_an_exception_that_quotes_secrets_is_redacted(log: io.StringIO) -> None:
    try:
        raise RuntimeError(f"POST https://x/?key={SECRET} Authorization: Bearer canary-token {pem()}")
    except RuntimeError:
        logging.getLogger("bot").exception("failed with %s", SECRET, extra={"why": SECRET})
    text = log.getvalue()
    assert "RuntimeError" in text
    assert not [secret for secret in (SECRET, "canary-token", pem().splitlines()[3]) if secret in text]


def test_case_98_an_entry_is_one_line_whatever_it_says(log: io.StringIO) -> None:
    logging.getLogger("bot").info("a\r\nb\x1b[31m\u2028c")
    assert log.getvalue().count("\n") == 1
    assert "\x1b" not in log.getvalue()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("token ghs_16C7e42F292c6912E7710c838347Ae178B4a failed", "16C7e42F292c"),
        ("github_pat_11ABCDEFG0123456789_abc", "11ABCDEFG"),
        ("Authorization: Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI0NzExIn0.c2ln", "eyJpc3"),
        ("{'Authorization': 'token abcdef0123'}", "abcdef0123"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "B0/xyz"),
        ("postgresql://bot:s3cret-pw@db:5432/x", "s3cret-pw"),
        ("redis://:s3cret-pw@db", "s3cret-pw"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\ncut off", "MIIE"),
    ],
)
def test_case_93_what_looks_like_a_secret_is_redacted(text: str, secret: str) -> None:
    assert secret not in Redactor()(text)


@pytest.mark.parametrize(
    "text",
    ["sha256:" + "a" * 64, "https://api.github.com:443/repos/a/b", "source:3:7", "lockstep/dev/app", "10:30"],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor()(text) == text
