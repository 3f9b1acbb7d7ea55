"""`lockstep alerts render`: the bundle of alert rules for one environment (row A1).

Reads and labels every file in memory, and writes only when none is refused. Exit codes: 0 done, 1 refused and the old
bundle left as it was, 2 usage.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from bot.adapters.alerts import FolderRefused, RuleFolder, source_commit, staged
from bot.cli_alerts_options import dialect_of, dialect_options, each
from bot.decide.alerts import (
    BUNDLE_FILE,
    AlertsRefused,
    Bundle,
    BundledFile,
    Dialect,
    Labelling,
    NotRules,
    Source,
    bundled,
    labelling_problem,
    make_bundle,
    plain,
    read_bundle,
    render_rules,
    write_bundle,
)
from bot.decide.text import counted

EPILOG = """\b
Examples:
  lockstep alerts render --source ops/alerts --output artifacts/alerts/staging --environment staging
  lockstep alerts render --source ops/alerts --output out --environment production --exclude 'tests/*'
  lockstep alerts render --source rules.yml --output out --environment qa --label env --recording-rules

Every file with `groups:` and every PrometheusRule manifest in SOURCE is rendered: alerting rules get the label, no
other byte changes. promtool tests, Alertmanager configuration and other manifests are left out and named. OUTPUT is
replaced in one step, with a bundle.json of hashes and counts; files there that no render made are kept.
Exit codes: 0 done, 1 refused (OUTPUT stays as it was), 2 usage.
"""

MAX_TOLD = 200
"""Refusals printed at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What became of one file of the source: bytes with their entry, or why it is left out, or why it is refused."""

    name: str
    data: bytes = b""
    entry: BundledFile | None = None
    skipped: str = ""
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a process needs to render one file."""

    folder: RuleFolder
    labelling: Labelling
    dialect: Dialect

    def one(self, name: str) -> Made:
        """Render one file."""
        try:
            base = self.folder.read(name)
            rendered = render_rules(base, file=name, labelling=self.labelling, dialect=self.dialect)
        except (AlertsRefused, FolderRefused) as error:
            return Made(name=name, refusals=tuple(str(error).splitlines()))
        if isinstance(rendered, NotRules):
            return Made(name=name, skipped=rendered.what)
        return Made(name=name, data=rendered.data, entry=bundled(name, base, rendered))


class _Refused(Exception):
    """Leaves the stage without taking it; `reasons` are for people."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__()
        self.reasons = reasons


@click.command("render", epilog=EPILOG, short_help="Render the bundle for one environment.")
@click.option(
    "--source", required=True, type=click.Path(path_type=Path), help="The base rules: a folder or a file."
)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="The folder of the bundle.")
@click.option("--environment", required=True, help="The label's value, such as staging.")
@click.option("--label", default="environment", show_default=True, help="The label's name.")
@click.option("--recording-rules", is_flag=True, help="Label recording rules too.")
@click.option("--replace-environment", is_flag=True, help="Replace another environment in base rules.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files of SOURCE; repeatable.")
@dialect_options
@click.option("--json", "as_json", is_flag=True, help="Print the bundle.json.")
@click.pass_context
def render(
    ctx: click.Context,
    /,
    *,
    source: Path,
    output: Path,
    environment: str,
    label: str,
    recording_rules: bool,
    replace_environment: bool,
    exclude: tuple[str, ...],
    as_json: bool,
    **dialect: object,
) -> None:
    """Render every rule file of SOURCE with explicit environment labels, completely or not at all."""
    labelling = Labelling(
        environment=environment, label=label, recording=recording_rules, replace=replace_environment
    )
    problem = labelling_problem(labelling) or _overlap(source, output)
    if problem is not None:
        raise click.UsageError(problem)
    folder = RuleFolder(root=source, exclude=exclude)
    try:
        bundle = _written(folder, output, labelling, dialect_of(dialect))
    except FolderRefused as error:
        raise click.UsageError(str(error)) from error
    except _Refused as refused:
        for refusal in refused.reasons[:MAX_TOLD]:
            click.echo(f"refused: {refusal}", err=True)
        click.echo(f"{counted(len(refused.reasons), 'refusal')}; {output} was not touched", err=True)
        ctx.exit(1)
    _show(bundle, output, as_json=as_json)


def _overlap(source: Path, output: Path) -> str | None:
    if not source.exists():
        return f"{source}: no such file or folder; name the base rules"
    one, other = source.resolve(), output.resolve()
    if one == other or one in other.parents or other in one.parents:
        return "--output and --source must lie beside each other, not one in the other"
    return None


def _written(folder: RuleFolder, output: Path, labelling: Labelling, dialect: Dialect) -> Bundle:
    """Render all and put the bundle in place; when a file is refused nothing has changed, and _Refused tells why."""
    names = folder.names()
    work = Work(folder=RuleFolder(root=folder.root), labelling=labelling, dialect=dialect)
    files: list[BundledFile] = []
    skipped: dict[str, str] = {}
    reasons: list[str] = []
    with staged(output, owned=_owned(output)) as stage:
        for made in each(work.one, names, "rendering"):
            reasons += made.refusals
            if made.entry is not None:
                files.append(made.entry)
                stage.write(made.name, made.data)
            elif made.skipped:
                skipped[made.name] = made.skipped
        if reasons:
            raise _Refused(reasons)
        if not files:
            raise FolderRefused(f"{folder.root}: holds no rule files; name the folder with the base rules")
        bundle = make_bundle(labelling, _source(folder.root), files, skipped)
        stage.write(BUNDLE_FILE, write_bundle(bundle))
    return bundle


def _owned(output: Path) -> set[str]:
    """The files of the bundle that stands in the folder; only those may go."""
    if not output.is_dir():
        return set()
    there = RuleFolder(root=output).optional(BUNDLE_FILE)
    if there is None:
        return set()
    try:
        return {each.file for each in read_bundle(there).files}
    except AlertsRefused as error:
        raise FolderRefused(
            f"{output / BUNDLE_FILE}: {error.problems[0].message}, or name another folder"
        ) from error


def _source(root: Path) -> Source:
    commit = source_commit(root)
    if commit is None:
        return Source(path=root.resolve().name)
    return Source(path=commit.path, commit=commit.sha, changed=commit.changed)


def _show(bundle: Bundle, output: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(plain(bundle), indent=2, ensure_ascii=False))
        return
    for name, what in bundle.skipped.items():
        click.echo(f"left out: {name} ({what})")
    counts = bundle.counts()
    said = f"{counted(counts['files'], 'file')}, {counted(counts['groups'], 'group')}, {counts['alerting']} alerting"
    said += f" and {counted(counts['recording'], 'recording rule')}, "
    said += f"{counts['labelled']} with {bundle.label}={bundle.environment}"
    click.echo(f"{output}: {said}")
    click.echo(f"digest {bundle.digest()}")
