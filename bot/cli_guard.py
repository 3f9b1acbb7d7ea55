"""`lockstep guard`: the guards on a working tree. Exit codes: 0 nothing denied, 1 something is, 2 usage or rules."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.decide.guards import Guarded
    from bot.model.guards import GuardFile, Module
    from bot.model.policy import Policy

EPILOG = """\b
Examples:
  lockstep guard
  lockstep guard --json ops/ helm/
  lockstep guard --sarif guards.sarif && echo fine

Levels, allowed hosts and the team's own guards come from the rules file (promotion/promotion-rules.yaml) of the
repository around PATH; without one, the shipped guards as they ship. What no guard can read is a finding too.
`protected_paths` looks at promotion pull requests only.

\b
Exit codes: 0 nothing is denied (warnings may be), 1 something is, 2 usage or an invalid rules file.
"""
SKIPPED = frozenset(
    (".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".terraform", ".tox")
)
"""Folders that hold no configuration of one's own."""
_SLOW = 500
"""Files from which on a person is told how far it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file on disk: where it is, how it is called in findings, and its path from the repository's root."""

    file: Path
    shown: str
    inside: str


@click.command("guard", short_help="Run the policy guards on a working tree.", epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--sarif",
    "sarif_file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write SARIF for code scanning.",
)
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The rules file; default: that of the repository around PATH.",
)
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(exists=True, path_type=Path))
def guard(as_json: bool, sarif_file: Path | None, rules: Path | None, paths: tuple[Path, ...]) -> None:
    """Say what the guards find in files and folders (default: this directory)."""
    from bot.decide.guards.sarif import sarif

    given = paths or (Path(),)
    root = _root(given[0])
    policy = _policy(root, rules)
    found = list(_listed(given, root))
    result = _guarded(found, root, policy)
    if sarif_file is not None:
        sarif_file.write_text(sarif(result.findings), "utf-8")
    if as_json:
        # surrogateescape: a file name that is not UTF-8 is told as the bytes it is made of
        told = {"findings": [asdict(each) for each in result.findings], "notes": result.notes}
        click.echo(json.dumps(told, indent=2))
    else:
        _print(result, len(found))
    sys.exit(1 if result.denied else 0)


def _root(path: Path) -> Path:
    """The top of the repository around `path`, or the directory that is looked at."""
    start = path.resolve()
    start = start if start.is_dir() else start.parent
    return next((each for each in (start, *start.parents) if (each / ".git").exists()), start)


def _policy(root: Path, rules: Path | None) -> Policy | None:
    """The rules that hold there; None without a rules file. Ends with 2 when they are invalid."""
    from bot.adapters.rules import RULES_PATHS, check_text, load_policy

    there = {each: (root / each).read_bytes() for each in RULES_PATHS if (root / each).is_file()}
    if rules is None and not there:
        return None
    result = load_policy(there, sha="") if rules is None else check_text(str(rules), rules.read_bytes())
    if result.policy is None:
        for error in result.errors:
            click.echo(str(error), err=True)
        sys.exit(2)
    return result.policy


def _listed(paths: Sequence[Path], root: Path) -> Iterator[Found]:
    """Every file once, in order. Links to folders are not followed: what they show is looked at where it is."""
    seen: set[str] = set()
    for path in paths:
        for file in _files(path):
            shown = file.as_posix()
            if shown not in seen:
                seen.add(shown)
                yield Found(file=file, shown=shown, inside=_inside(file, root))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, below, files in os.walk(path):
        below[:] = sorted(each for each in below if each not in SKIPPED)
        for name in sorted(files):
            yield Path(folder) / name


def _inside(file: Path, root: Path) -> str:
    absolute = PurePath(os.path.abspath(file))
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else file.as_posix()


def _guarded(found: Sequence[Found], root: Path, policy: Policy | None) -> Guarded:
    from dataclasses import replace

    from bot.adapters.rego import Rego, shipped
    from bot.decide.guards import Guarded as Result
    from bot.decide.guards import guard as look
    from bot.model.policy_after import Guards

    guards = policy.guards if policy else Guards()
    values = (
        None if policy is None else tuple(each.file for env in policy.environments for each in env.values)
    )
    own = _own(root, guards.directory)
    shown = {each.inside: each.shown for each in found}
    result = look(
        Rego(), (*shipped(), *own), (_read(each) for each in _progress(found)), guards, values=values
    )
    findings = tuple(replace(each, file=shown.get(each.file, each.file)) for each in result.findings)
    return Result(findings=findings, notes=result.notes)


def _own(root: Path, directory: str | None) -> list[Module]:
    """The team's own guards, as they stand in the working tree."""
    from bot.decide.guards import own_modules

    folder = root / directory if directory else None
    if folder is None or not folder.is_dir():
        return []
    files = {
        each.relative_to(root).as_posix(): each.read_bytes()
        for each in sorted(folder.glob("*.rego"))
        if each.is_file()
    }
    return own_modules(files)


def _read(found: Found) -> GuardFile:
    from bot.decide.guards import MAX_BYTES, is_guarded
    from bot.model.guards import GuardFile

    try:
        if not stat.S_ISREG(found.file.lstat().st_mode):  # a pipe would be waited for
            return GuardFile(path=found.inside, link=True)
        with found.file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return GuardFile(path=found.inside, unreadable=error.strerror or "no reason told")
    if len(data) > MAX_BYTES:
        return GuardFile(path=found.inside, too_large=True)
    if b"\0" in data[:8192] and not is_guarded(found.inside):
        return GuardFile(path=found.inside)  # a binary holds nothing for a guard, and need not be kept
    return GuardFile(path=found.inside, data=data)


def _progress(found: Sequence[Found]) -> Iterator[Found]:
    if len(found) < _SLOW or not sys.stderr.isatty():
        yield from found
        return
    with click.progressbar(found, label=f"Reading {len(found):,} files", file=sys.stderr) as bar:
        yield from bar
    click.echo("Asking the guards", err=True)


def _print(result: Guarded, files: int) -> None:
    from bot.decide.text import counted

    for each in result.findings:
        word = "error" if each.severity == "deny" else "warning"
        click.echo(f"{each.file}:{each.line}: {word}: {each.message} [{each.guard}]")
    for note in result.notes:
        click.echo(f"note: {note}", err=True)
    denied = sum(1 for each in result.findings if each.severity == "deny")
    warnings = counted(len(result.findings) - denied, "warning")
    click.echo(f"{counted(files, 'file')}: {denied} denied, {warnings}", err=True)
