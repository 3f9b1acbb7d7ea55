"""Only what GitHub signed comes in (attack cases 1 to 3)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import bot
from bot.web import signature
from tests.web.fakes import FakeStore, headers, post, run_completed, sample
from tests.web.fakes import signature as sign

BODY = json.dumps(run_completed()).encode()


def test_case_3_githubs_published_vector_is_accepted() -> None:
    header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    claimed = signature.claimed(header)
    assert claimed is not None
    assert signature.is_genuine(b"It's a Secret to Everybody", b"Hello, World!", claimed)


ODD: list[tuple[str, str | None]] = [
    ("missing", None),
    ("empty", ""),
    ("one digit flipped", sign(BODY)[:-1] + ("0" if sign(BODY)[-1] != "0" else "1")),
    ("made with another secret", sign(BODY, "other")),
    ("of re-serialised JSON", sign(json.dumps(run_completed(), separators=(",", ":")).encode())),
    ("no prefix", sign(BODY).removeprefix("sha256=")),
    ("another algorithm's prefix", "sha1=" + sign(BODY).removeprefix("sha256=")),
    ("not hex", "sha256=" + "g" * 64),
    ("full-width digits", "sha256=" + "\uff10" * 64),
    ("not ASCII", "sha256=\xff\xfe"),
    ("too long", "sha256=" + "a" * 5000),
    ("too short", sign(BODY)[:-1]),
    ("with more behind", sign(BODY) + "\n"),
    ("twice, as the server joins it", f"{sign(BODY)},{sign(BODY)}"),
]


@pytest.mark.parametrize("header", [header for _, header in ODD], ids=[name for name, _ in ODD])
def test_cases_1_and_2_a_wrong_signature_is_refused_and_nothing_is_stored(
    client: FlaskClient, fake: FakeStore, header: str | None
) -> None:
    # Set in the environment, because the test client refuses to send what an attacker would.
    environ = {} if header is None else {"HTTP_X_HUB_SIGNATURE_256": header}
    sent = headers(BODY, X_Hub_Signature_256=None)
    answer = client.post("/webhook", data=BODY, headers=sent, environ_overrides=environ)
    assert (answer.status_code, fake.rows, fake.entries) == (401, {}, [])


def test_case_2_a_valid_sha1_signature_alone_is_refused(client: FlaskClient) -> None:
    old = "sha1=" + "0" * 40
    assert post(client, BODY, X_Hub_Signature_256=None, X_Hub_Signature=old).status_code == 401


def test_case_1_a_wrong_signature_is_counted(client: FlaskClient) -> None:
    post(client, BODY, X_Hub_Signature_256=None)
    text = client.get("/metrics").text
    assert sample(text, "lockstep_webhook_refused_total", reason="signature") == 1


def test_case_1_an_unsigned_body_is_never_parsed(client: FlaskClient) -> None:
    assert post(client, b"{not json", X_Hub_Signature_256=sign(b"other")).status_code == 401


def test_after_a_refusal_a_genuine_delivery_is_stored(client: FlaskClient, fake: FakeStore) -> None:
    post(client, BODY, X_Hub_Signature_256="sha256=")
    assert post(client, BODY).status_code == 202
    assert len(fake.rows) == 1


SECRET_WORDS = ("secret", "token", "signature", "password", "claimed", "bearer", "hmac", "digest_")


def _names(node: ast.expr) -> set[str]:
    walked = list(ast.walk(node))
    names = {each.id for each in walked if isinstance(each, ast.Name)}
    return {
        name.lower() for name in names | {each.attr for each in walked if isinstance(each, ast.Attribute)}
    }


def _comparisons(source: Path) -> list[str]:
    """Lines that compare something named like a secret with == or !=."""
    tree = ast.parse(source.read_text())
    return [
        f"{source.name}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
        and any(
            word in name
            for side in (node.left, *node.comparators)
            for name in _names(side)
            for word in SECRET_WORDS
        )
    ]


def test_cases_3_and_83_the_web_compares_no_secret_with_equals() -> None:
    web = Path(bot.__path__[0]) / "web"
    assert [found for source in sorted(web.rglob("*.py")) for found in _comparisons(source)] == []


def test_the_scan_for_comparisons_finds_one(tmp_path: Path) -> None:
    source = tmp_path / "bad.py"
    source.write_text("if header == settings.alertmanager_token:\n    pass\n")
    assert _comparisons(source) == ["bad.py:1"]
