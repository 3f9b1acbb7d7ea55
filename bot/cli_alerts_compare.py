"""`lockstep alerts compare`: whether two bundles differ in more than the environment label (row A4).

Reads two files at a time, so memory does not grow with the bundles. Exit codes: 0 equal, 1 they differ, 2 usage.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from bot.adapters.alerts import FolderRefused, RuleFolder
from bot.cli_alerts_options import dialect_of, dialect_options, each
from bot.decide.alerts import (
    BUNDLE_FILE,
    AlertsRefused,
    Bundle,
    Compared,
    Dialect,
    Drift,
    Environments,
    Finding,
    RuleFile,
    compare_environments,
    compare_files,
    environment_of,
    read_bundle,
    read_rules,
)
from bot.decide.alerts.reports import junit, sarif
from bot.decide.text import counted

EPILOG = """\b
Examples:
  lockstep alerts compare --staging artifacts/alerts/staging --production artifacts/alerts/production
  lockstep alerts compare --staging s --production p --json
  lockstep alerts compare --staging s --production p --sarif drift.sarif --junit drift.xml

What the label must say on each side is in the bundles' bundle.json; without one, it is what most of the alerting
rules carry. Comments, quotes and layout do not count, nor blanks in PromQL; the order of rules does.
Exit codes: 0 equal but for the environment label, 1 they differ, 2 usage.
"""

MAX_KEPT = 10_000
"""Findings kept; those beyond are only counted (attack case 75)."""
MAX_TOLD = 200
SAMPLE = 50
"""Files looked at to learn the environment of a bundle without bundle.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One bundle: its folder, the rule files in it, and its bundle.json."""

    name: str
    path: Path
    folder: RuleFolder
    bundle: Bundle | None

    def files(self) -> set[str]:
        """The files that are there or that bundle.json lists."""
        listed = () if self.bundle is None else (each.file for each in self.bundle.files)
        return {*self.folder.names(), *listed}


@dataclass(slots=True, kw_only=True)
class Result:
    """The comparison so far."""

    findings: list[Finding] = field(default_factory=list)
    files: list[Compared] = field(default_factory=list)
    rules: int = 0
    dropped: int = 0

    def take(self, compared: Compared) -> None:
        """Count one file, and keep its findings while there is room."""
        self.rules += compared.rules
        self.files.append(Compared(file=compared.file, findings=(), rules=compared.rules))
        self.add(compared.findings)

    def add(self, findings: Sequence[Finding]) -> None:
        """Keep findings, or count those beyond the limit."""
        room = MAX_KEPT - len(self.findings)
        self.findings += findings[:room]
        self.dropped += max(0, len(findings) - room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a process needs to compare one file: the folders of staging and production, without their lists."""

    folders: tuple[RuleFolder, RuleFolder]
    environments: Environments
    dialect: Dialect

    def one(self, name: tuple[str, bool, bool]) -> Compared:
        """Compare one file, given with whether it is in staging and in production.

        Raises FolderRefused for one that cannot be read from disk.
        """
        file, *there = name
        pairs = zip(self.folders, there, strict=True)
        one, other = (folder.read(file) if present else None for folder, present in pairs)
        if one is None and other is None:
            message = "the file is listed in bundle.json and missing in both bundles; render them again"
            missing = Finding(kind=Drift.FILE_MISSING, file=file, message=message)
            return Compared(file=file, findings=(missing,), rules=0)
        return compare_files(one, other, file=file, environments=self.environments, dialect=self.dialect)


FOLDER = click.Path(path_type=Path)


@click.command(
    "compare", epilog=EPILOG, short_help="Whether two bundles differ in more than the environment."
)
@click.option("--staging", required=True, type=FOLDER, help="The rendered bundle of staging.")
@click.option("--production", required=True, type=FOLDER, help="The rendered bundle of production.")
@click.option("--label", help="The environment label's name; default: as in bundle.json, else environment.")
@click.option("--staging-environment", help="What staging's label must say, whatever bundle.json says.")
@click.option("--production-environment", help="What production's label must say.")
@dialect_options
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--sarif", "sarif_file", type=FOLDER, metavar="FILE", help="Write SARIF for code scanning.")
@click.option("--junit", "junit_file", type=FOLDER, metavar="FILE", help="Write JUnit XML for CI.")
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    *,
    staging: Path,
    production: Path,
    label: str | None,
    staging_environment: str | None,
    production_environment: str | None,
    as_json: bool,
    sarif_file: Path | None,
    junit_file: Path | None,
    **dialect: object,
) -> None:
    """Compare two rendered bundles: only the environment label may differ."""
    accepted = dialect_of(dialect)
    try:
        sides = _side("staging", staging), _side("production", production)
        if not any(side.files() for side in sides):
            raise click.UsageError("neither folder holds rule files; render the bundles first")
        name = _label(label, sides)
        environments = Environments(
            staging=staging_environment or _environment(sides[0], name, accepted),
            production=production_environment or _environment(sides[1], name, accepted),
            label=name,
        )
        result = _compared(sides, environments, accepted)
    except FolderRefused as error:
        raise click.UsageError(str(error)) from error
    if sarif_file is not None:
        _write(sarif_file, sarif(result.findings, staging=str(staging), production=str(production)))
    if junit_file is not None:
        _write(junit_file, junit(result.files, result.findings))
    if as_json:
        click.echo(json.dumps(_plain(result, environments), indent=2, ensure_ascii=False))
    else:
        _tell(result, sides, environments)
    ctx.exit(1 if result.findings else 0)


def _side(name: str, path: Path) -> Side:
    if not path.is_dir():
        raise FolderRefused(f"{path}: no such folder; render the {name} bundle first")
    folder = RuleFolder(root=path)
    data = folder.optional(BUNDLE_FILE)
    try:
        bundle = None if data is None else read_bundle(data, file=str(path / BUNDLE_FILE))
    except AlertsRefused as error:
        raise FolderRefused(str(error)) from error
    return Side(name=name, path=path, folder=folder, bundle=bundle)


def _label(given: str | None, sides: Sequence[Side]) -> str:
    found = {side.bundle.label for side in sides if side.bundle is not None}
    if given is None and len(found) > 1:
        raise click.UsageError(
            f"the bundles have different labels ({', '.join(sorted(found))}); render one again"
        )
    return given or next(iter(found), "environment")


def _environment(side: Side, label: str, dialect: Dialect) -> str | None:
    if side.bundle is not None:
        return side.bundle.environment
    return environment_of(_sample(side, dialect), label)


def _sample(side: Side, dialect: Dialect) -> Iterator[RuleFile]:
    for name in side.folder.names()[:SAMPLE]:
        try:
            found = read_rules(side.folder.read(name), file=name, dialect=dialect)
        except AlertsRefused:
            continue  # told when it is compared
        if isinstance(found, RuleFile):
            yield found


def _compared(sides: tuple[Side, Side], environments: Environments, dialect: Dialect) -> Result:
    result = Result()
    result.add(compare_environments(environments))
    names = sorted(sides[0].files() | sides[1].files())
    present = [frozenset(side.folder.names()) for side in sides]
    files = [(name, name in present[0], name in present[1]) for name in names]
    folders = (RuleFolder(root=sides[0].path), RuleFolder(root=sides[1].path))
    work = Work(folders=folders, environments=environments, dialect=dialect)
    for compared in each(work.one, files, "comparing"):
        result.take(compared)
    return result


def _write(file: Path, content: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, "utf-8")
    except OSError as error:
        raise click.UsageError(f"{file}: {error.strerror}") from error


def _plain(result: Result, environments: Environments) -> dict[str, Any]:
    return {
        "equal": not result.findings,
        "environments": asdict(environments),
        "counts": {
            "files": len(result.files),
            "rules": result.rules,
            "findings": len(result.findings) + result.dropped,
        },
        "findings": [{**asdict(each), "kind": each.kind.value} for each in result.findings],
        "dropped": result.dropped,
    }


def _tell(result: Result, sides: tuple[Side, Side], environments: Environments) -> None:
    for finding in result.findings[:MAX_TOLD]:
        click.echo(f"{_place(finding, sides)}: {finding.kind.value}: {finding.sentence()}")
    count = len(result.findings) + result.dropped
    if count > MAX_TOLD:
        click.echo(f"… and {count - MAX_TOLD} more (--json lists {min(count, MAX_KEPT)})")
    if environments.staging is None and environments.production is None:
        click.echo(
            f"note: no rule carries the label {environments.label}; are these rendered bundles?", err=True
        )
    scope = f"{counted(len(result.files), 'file')}, {counted(result.rules, 'rule')}"
    if count:
        click.echo(f"{counted(count, 'difference')} in {scope}")
    else:
        click.echo(f"equal but for the environment label: {scope}")


def _place(finding: Finding, sides: tuple[Side, Side]) -> str:
    """`production/api.yml:12 (staging:10)`: production's line when there is one, else staging's."""
    if not finding.file:
        return "bundles"
    lines = (finding.staging_line, finding.production_line)
    if lines[1] is not None:
        beside = "" if lines[0] is None else f" (staging line {lines[0]})"
        return f"{sides[1].path / finding.file}:{lines[1]}{beside}"
    return str(sides[0].path / finding.file) + ("" if lines[0] is None else f":{lines[0]}")
