"""Manners of the house that a linter does not keep: nobody sleeps, and no error is thrown away unseen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_SLEEP = ("sandbox", "demo", "cli_demo")
BROAD = {"Exception", "BaseException"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "bot").rglob("*.py")):
        yield path.relative_to(ROOT), ast.parse(path.read_text("utf-8"))


def naps(tree: ast.Module) -> Iterator[int]:
    """Lines that sleep: `time.sleep`, `asyncio.sleep`, or `sleep` imported from either."""
    for node in ast.walk(tree):
        imported = node.names if isinstance(node, ast.ImportFrom) else []
        called = isinstance(node, ast.Attribute) and node.attr == "sleep"
        if called or any(each.name == "sleep" for each in imported):
            yield getattr(node, "lineno", 0)


def swallows(tree: ast.Module) -> Iterator[int]:
    """Lines that catch everything and do nothing, or catch without saying what."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            idle = all(
                isinstance(each, ast.Pass | ast.Continue)
                or (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
                for each in node.body
            )
            if node.type is None or (idle and _names(node.type) & BROAD):
                yield node.lineno
        elif isinstance(node, ast.Call) and "suppress" in _names(node.func):
            yield from (node.lineno for each in node.args if _names(each) & BROAD)


def _names(node: ast.expr) -> set[str]:
    named = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return named | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}


def test_nobody_sleeps_but_the_sandbox_and_the_trial() -> None:
    found = [
        f"{path}:{line}"
        for path, tree in trees()
        if not path.parts[1].removesuffix(".py").startswith(MAY_SLEEP)
        for line in naps(tree)
    ]
    assert found == []


def test_no_error_is_thrown_away_unseen() -> None:
    assert [f"{path}:{line}" for path, tree in trees() for line in swallows(tree)] == []


@pytest.mark.parametrize(
    "text",
    ["import time\ntime.sleep(1)", "from time import sleep", "async def f():\n    await asyncio.sleep(1)"],
)
def test_the_reader_finds_every_nap(text: str) -> None:
    assert list(naps(ast.parse(text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("try:\n    f()\nexcept:\n    raise", True),
        ("try:\n    f()\nexcept Exception:\n    pass", True),
        ("try:\n    f()\nexcept (OSError, BaseException):\n    ...", True),
        ("for x in y:\n    try:\n        f()\n    except Exception:\n        continue", True),
        ("with contextlib.suppress(Exception):\n    f()", True),
        ("try:\n    f()\nexcept Exception:\n    log()", False),
        ("try:\n    f()\nexcept OSError:\n    pass", False),
        ("with suppress(OSError):\n    f()", False),
    ],
)
def test_the_reader_finds_every_swallowed_error(text: str, found: bool) -> None:
    assert bool(list(swallows(ast.parse(text)))) is found
