"""`lockstep alerts render`: the bundle of alert rules for one environment (row A1).

Reads and labels every file in memory, and writes only when none is refused. Exit codes: 0 done, 1 refused and the old
bundle left as it was, 2 usage.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click

from bot.adapters.alerts import FolderRefused, RuleFolder, source_commit, staged
from bot.cli_alerts_options import dialect_of, dialect_options, progress
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
    made,
    plain,
    read_bundle,
    render_rules,
    write_bundle,
)

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


@dataclass(slots=True, kw_only=True)
class Rendering:
    """What has been rendered so far, and what was refused."""

    labelling: Labelling
    dialect: Dialect
    files: list[BundledFile] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def take(self, folder: RuleFolder, name: str, write: Callable[[str, bytes], None]) -> None:
        """Render one file of the source, and hand it to `write`."""
        try:
            base = folder.read(name)
            rendered = render_rules(base, file=name, labelling=self.labelling, dialect=self.dialect)
        except (AlertsRefused, FolderRefused) as error:
            self.refusals += str(error).splitlines()
            return
        if isinstance(rendered, NotRules):
            self.skipped[name] = rendered.what
            return
        write(name, rendered.data)
        self.files.append(bundled(name, base, rendered))


class _Refused(Exception):
    """Leaves the stage without taking it."""


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
    work = Rendering(labelling=labelling, dialect=dialect_of(dialect))
    folder = RuleFolder(root=source, exclude=exclude)
    try:
        bundle = _written(work, folder, output)
    except FolderRefused as error:
        raise click.UsageError(str(error)) from error
    if bundle is None:
        for refusal in work.refusals[:MAX_TOLD]:
            click.echo(f"refused: {refusal}", err=True)
        click.echo(f"{len(work.refusals)} refusals; {output} was not touched", err=True)
        ctx.exit(1)
    _show(bundle, output, as_json=as_json)


def _overlap(source: Path, output: Path) -> str | None:
    if not source.exists():
        return f"{source}: no such file or folder; name the base rules"
    one, other = source.resolve(), output.resolve()
    if one == other or one in other.parents or other in one.parents:
        return "--output and --source must lie beside each other, not one in the other"
    return None


def _written(work: Rendering, folder: RuleFolder, output: Path) -> Bundle | None:
    """Render all and put the bundle in place; None when a file was refused, and nothing has changed then."""
    names = folder.names()
    try:
        with staged(output, owned=_owned(output)) as stage:
            for name in progress(names, "rendering"):
                work.take(folder, name, stage.write)
            if work.refusals:
                raise _Refused
            if not work.files:
                raise FolderRefused(
                    f"{folder.root}: holds no rule files; name the folder with the base rules"
                )
            bundle = made(work.labelling, _source(folder.root), work.files, work.skipped)
            stage.write(BUNDLE_FILE, write_bundle(bundle))
            return bundle
    except _Refused:
        return None


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
    said = f"{counts['files']} files, {counts['groups']} groups, {counts['alerting']} alerting and "
    said += f"{counts['recording']} recording rules, {counts['labelled']} with {bundle.label}={bundle.environment}"
    click.echo(f"{output}: {said}")
    click.echo(f"digest {bundle.digest()}")
