"""How fast and how exact CODEOWNERS is read, beside `codeowners` from PyPI: `python -m bench.codeowners [--quick]`.

The peer is a port of the best-known Go matcher to Python: one regular expression a rule, tried from the last rule on.
Files and known facts come from LOCKSTEP_CORPUS (`codeowners`, `codeowners-vectors`), or else from the tests' data.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from codeowners import CodeOwners as Peer

from bench.table import Row, text
from bot.decide.codeowners import owners_of, owners_of_all, parse

RULES, PATHS, GOAL = 10_000, 3_000, 2.0
DATA = Path(__file__).resolve().parent.parent / "tests" / "data" / "codeowners"
STARS, LONG = "*a" * 40 + "b", "a" * 4096
PATIENCE = 5.0
_WORDS = [
    "api",
    "web",
    "core",
    "lib",
    "docs",
    "src",
    "ops",
    "helm",
    "test",
    "build",
    "cmd",
    "pkg",
    "app",
    "infra",
    "data",
]
_ENDINGS = ["go", "py", "js", "ts", "md", "yaml", "txt", "rs"]
_SHAPES = (
    ["/{d}/"] * 10
    + ["{d}/*.{e}"] * 4
    + ["**/{n}/"] * 2
    + ["/{d}/**/{n}*.{e}"] * 2
    + ["*{n}.{e}", "{d}/*{n}*", "/{d}/{n}.{e}", "*.{n}.{e}"]
)


def rows(quick: bool = False) -> list[Row]:
    """Speed over many rules and paths, the worst pattern, known facts, and real files."""
    return [_speed(quick), _worst(), _facts(), _files()]


def made(seed: int = 46) -> tuple[str, list[str]]:
    """A file of RULES rules such as large repositories have, and PATHS paths of it; the same for the same seed."""
    pick = random.Random(seed)

    def name() -> str:
        return f"{pick.choice(_WORDS)}{pick.randrange(60)}"

    def folder(most: int) -> str:
        return "/".join(name() for _ in range(pick.randint(1, most)))

    lines = [
        pick.choice(_SHAPES).format(d=folder(3), n=name(), e=pick.choice(_ENDINGS))
        + f" @org/team{number % 50}"
        for number in range(RULES)
    ]
    paths = [f"{folder(6)}/{name()}.{pick.choice(_ENDINGS)}" for _ in range(PATHS)]
    return "\n".join(lines) + "\n", paths


def _seconds(work: Callable[[], object], rounds: int = 1) -> float:
    """The shortest of the rounds, in seconds of processor time."""
    found = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def _speed(quick: bool) -> Row:
    content, paths = made()
    data = content.encode()
    ours = _seconds(lambda: owners_of_all(parse(data), paths), 2 if quick else 5)
    some = paths[:: 10 if quick else 1]
    peer = Peer(content)
    theirs = _seconds(lambda: Peer(content)) + _seconds(lambda: _ask(peer, some)) * len(paths) / len(some)
    mine = owners_of_all(parse(data), some)
    same = sum(
        (list(match.owners) if match else []) == said
        for match, said in zip(mine.values(), _ask(peer, some), strict=True)
    )
    return Row(
        what=f"CODEOWNERS, {RULES:,} rules × {PATHS:,} paths, read and matched",
        measured=f"{ours:.2f} s",
        beside=f"codeowners (PyPI): {theirs:.1f} s",
        ratio=ours / theirs,
        goal=f"< {GOAL:.0f} s",
        met=ours < GOAL,
        value=ours,
        note=f"both gave {same} of {len(some)} paths the same owners"
        + ("; the peer matched a tenth of the paths, its time is scaled" if quick else ""),
    )


def _ask(peer: Peer, paths: Sequence[str]) -> list[list[str]]:
    return [[owner for _, owner in peer.of(path)] for path in paths]


def _worst() -> Row:
    codeowners = parse(f"{STARS} @x".encode())
    ours = _seconds(lambda: owners_of(codeowners, LONG), 5)
    program = f"from codeowners import CodeOwners as C; C('{STARS} @x').of('{LONG}')"
    began = time.monotonic()
    try:
        subprocess.run([sys.executable, "-c", program], timeout=PATIENCE, check=True)
        theirs = f"{time.monotonic() - began:.2f} s with its start"
    except subprocess.TimeoutExpired:
        theirs = f"not done after {PATIENCE:.0f} s"
    return Row(
        what="CODEOWNERS, 40 stars against a path of 4 KB",
        measured=f"{ours * 1000:.1f} ms",
        beside=f"codeowners (PyPI): {theirs}",
        goal="< 50 ms",
        met=ours < 0.05,
        value=ours * 1000,
    )


def _facts() -> Row:
    facts = [
        fact for fact in json.loads(_place("codeowners-vectors", "vectors.json").read_text()) if _sure(fact)
    ]
    ours = sum(_as_text(_ours(*_question(fact))) == _expected(fact) for fact in facts)
    theirs = sum(_as_text(_theirs(*_question(fact))) == _expected(fact) for fact in facts)
    return Row(
        what="CODEOWNERS, known answers given",
        measured=f"{ours} of {len(facts)}",
        beside=f"codeowners (PyPI): {theirs}",
        ratio=ours / theirs,
        goal="all",
        met=ours == len(facts) > 0,
        value=ours,
        note="the peer does not tell a rule without owners from no rule, which counts as the same here",
    )


def _sure(fact: dict[str, Any]) -> bool:
    return fact["kind"] in ("match", "owners") and fact["status"] not in ("disputed", "contradicts-docs")


def _question(fact: dict[str, Any]) -> tuple[str, str]:
    lines = [f"{fact['pattern']} @owner"] if fact["kind"] == "match" else fact["lines"]
    return "\n".join(lines), fact["path"]


def _expected(fact: dict[str, Any]) -> str:
    return "@owner" * fact["match"] if fact["kind"] == "match" else " ".join(fact["owners"] or [])


def _ours(content: str, path: str) -> Sequence[str]:
    match = owners_of(parse(content.encode()), path)
    return match.owners if match else ()


def _theirs(content: str, path: str) -> Sequence[str]:
    return _ask(Peer(content), [path])[0]


def _as_text(owners: Sequence[str]) -> str:
    return " ".join(owners)


def _files() -> Row:
    found = [parse(path.read_bytes()) for path in sorted(_place("codeowners", "files").rglob("*CODEOWNERS"))]
    rules, errors = sum(len(each.rules) for each in found), sum(len(each.errors) for each in found)
    return Row(
        what="CODEOWNERS, real files read",
        measured=f"{len(found)} files, {rules} rules, {errors} invalid lines",
        goal="every file",
        met=all(each.loaded for each in found) and bool(found),
        value=len(found),
    )


def _place(folder: str, name: str) -> Path:
    """`name` in the tests' data, or its like in the corpus."""
    corpus = os.environ.get("LOCKSTEP_CORPUS")
    inside = Path(corpus or DATA) / folder
    if corpus and inside.is_dir():
        return inside / name if (inside / name).exists() else inside
    return DATA / name


if __name__ == "__main__":
    measured = rows(quick="--quick" in sys.argv[1:])
    print(text(measured))
    sys.exit(0 if all(row.met for row in measured) else 1)
