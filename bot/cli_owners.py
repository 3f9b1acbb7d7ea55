"""`lockstep owners`: who owns these paths, as GitHub would say. Exit codes: 0 done, 2 invalid or missing."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import click

from bot.decide.codeowners import (
    CODEOWNERS_PATHS,
    CodeOwners,
    CodeOwnersRefused,
    Ownership,
    owners_for_change,
    parse,
)

INVALID = 2
"""The exit code for usage and configuration errors."""

EPILOG = """\b
Examples:
  lockstep owners helm/api/values-production.yaml
  lockstep owners --codeowners .github/CODEOWNERS --json docs/a.md docs/b.md
  git -c core.quotePath=off diff --name-only --no-renames main | lockstep owners -

Paths are named from the repository's root, as Git prints them. A line that GitHub cannot read is reported as
file:line:column and skipped, as GitHub skips it; the exit code is then 2, and Lockstep passes no change that such a
line may be about.
"""


@click.command("owners", short_help="Print who owns paths, by CODEOWNERS.", epilog=EPILOG)
@click.option(
    "--codeowners",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The file to read; without it, where GitHub looks in this Git repository.",
)
@click.option("--json", "as_json", is_flag=True, help='Print {"path": ["@owner", …]}.')
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
def owners(file: Path | None, as_json: bool, paths: tuple[str, ...]) -> None:
    """Print who owns each PATH; `-` reads paths from standard input, one a line."""
    codeowners = _read(file, str(file)) if file else _located()
    try:
        answers = owners_for_change(codeowners, _named(paths))
    except CodeOwnersRefused as refused:
        _fail(str(refused))
    for error in codeowners.errors:
        click.echo(str(error), err=True)
    if not codeowners.loaded:
        _fail(f"{codeowners.file} was not loaded, so who owns what is not known")
    _print(answers, as_json)
    for answer in answers:
        if answer.error:
            click.echo(f"{answer.path}: owners unresolved: line {answer.error.line}", err=True)
    sys.exit(INVALID if codeowners.errors else 0)


def _located() -> CodeOwners:
    """The CODEOWNERS file of the Git repository around the working directory."""
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), None)
    if root is None:
        _fail("this directory is not in a Git repository; name the file with --codeowners")
    found = next((place for place in CODEOWNERS_PATHS if (root / place).is_file()), None)
    if found is None:
        _fail(f"{root} has none of {', '.join(CODEOWNERS_PATHS)}; name the file with --codeowners")
    return _read(root / found, found)


def _read(file: Path, name: str) -> CodeOwners:
    try:
        return parse(file.read_bytes(), name)
    except OSError as error:
        _fail(f"{file}: {error.strerror}")


def _named(paths: Iterable[str]) -> Iterable[str]:
    """The paths that are meant, `-` replaced by the lines of standard input, without a leading `./`."""
    for path in paths:
        lines = _standard_input() if path == "-" else [path.encode(errors="surrogateescape")]
        for line in lines:
            try:
                yield line.decode().removeprefix("./")
            except UnicodeDecodeError:
                _fail(f"{line!r} is not UTF-8")


def _standard_input() -> list[bytes]:
    return [line for line in sys.stdin.buffer.read().split(b"\n") if line]


def _print(answers: Iterable[Ownership], as_json: bool) -> None:
    if as_json:
        found = {answer.path: list(answer.owners) for answer in answers}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for answer in answers:
        click.echo(f"{answer.path}\t{' '.join(answer.owners) or '(nobody)'}")


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(INVALID)
