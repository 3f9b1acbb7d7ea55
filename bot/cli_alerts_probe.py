"""`lockstep alerts probe`: the rules as they ship, under promtool, unit tests, amtool and lint (rows A2, G2, G3, G8).

Exit codes: 0 passed, 1 a probe failed, 2 usage (or promtool or amtool is missing), 3 one of them gave no answer.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from bot.adapters.alerts import DiskFiles, FolderRefused, RuleFolder, home_of, source_commit, staged
from bot.adapters.amtool import Amtool
from bot.adapters.confined import Limits
from bot.adapters.promtool import Promtool
from bot.adapters.rules import check_text
from bot.cli_alerts_options import dialect_of, dialect_options
from bot.decide import probes
from bot.decide.alerts import Labelling, Source, labelling_problem
from bot.decide.probes.reports import JUNIT_FILE, LOG_FILE, junit, log
from bot.model.policy_after import Alerts
from bot.run.probing import Inputs, probe

EPILOG = """\b
Examples:
  lockstep alerts probe --source ops/alerts --artifacts artifacts/alert-probes
  lockstep alerts probe --source ops/alerts --tests ops/alerts/tests --alertmanager ops/alertmanager.yml
  lockstep alerts probe --source ops/alerts --route severity=critical,team=db db-pager --min-tested 60 --strict
  lockstep alerts probe --rules promotion/promotion-rules.yaml --artifacts artifacts/alert-probes

The rules are rendered for --environment in memory, and that is what promtool sees. Unit tests stay as they are written
for the base: in a copy, expected alerts get the environment label wherever the rendering set it. --artifacts gets
junit.xml, probes.json (with the hashes of the bytes probed) and probes.log, in one step.
Exit codes: 0 passed, 1 a probe failed, 2 usage or a tool is missing, 3 a tool crashed or was stopped at a limit.
"""

MAX_TOLD = 200
_OWNED = (probes.RESULTS_FILE, JUNIT_FILE, LOG_FILE)
PLACE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The repository that is probed: its root on this machine, and where it is published."""

    root: Path
    home: probes.Home

    def name(self, path: Path) -> str:
        """A path from the root, with `/`; empty for the root itself. Raises UsageError for one outside."""
        absolute = Path(os.path.abspath(path))
        try:
            # The folder's links count as the system follows them; the file's own is refused when it is read.
            found = (absolute.parent.resolve() / absolute.name).relative_to(self.root)
        except ValueError as error:
            raise click.UsageError(
                f"{path} lies outside of {self.root}; name the folder around it with --root"
            ) from error
        name = found.as_posix()
        return "" if name == "." else name


@click.command("probe", epilog=EPILOG, short_help="Test the rules as they ship: promtool, amtool, lint.")
@click.option("--source", type=PLACE, help="The base rules: a folder or a file.")
@click.option("--tests", type=PLACE, help="Unit tests; those in SOURCE are always run.")
@click.option("--alertmanager", type=PLACE, multiple=True, help="An Alertmanager configuration; repeatable.")
@click.option("--artifacts", type=PLACE, metavar="DIR", help="Write JUnit XML, probes.json and a log there.")
@click.option("--environment", default="production", show_default=True, help="Render for it.")
@click.option("--label", help="The environment label's name.  [default: environment]")
@click.option("--recording-rules", is_flag=True, help="Label recording rules too.")
@click.option("--replace-environment", is_flag=True, help="Replace another environment in base rules.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files of SOURCE; repeatable.")
@click.option(
    "--route",
    "routes",
    nargs=2,
    multiple=True,
    metavar="LABELS RECEIVER",
    help="Labels (severity=critical,team=db) that must reach the receiver; repeatable.",
)
@click.option(
    "--min-tested", type=click.FloatRange(0, 100), metavar="PERCENT", help="Rules that tests must exercise."
)
@click.option("--runbooks", type=PLACE, metavar="DIR", help="A folder whose runbooks are all looked at.")
@click.option("--rules", type=PLACE, metavar="FILE", help="Take what is not given from its `alerts:`.")
@click.option("--root", type=PLACE, help="The repository's root; default: Git's, or the folders' common one.")
@click.option("--repository", metavar="OWNER/NAME", help="The repository's own URLs; default: Git's origin.")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.option(
    "--timeout", type=click.IntRange(1, 3600), default=300, show_default=True, help="Seconds a run."
)
@click.option("--memory", type=click.IntRange(128, 65536), default=1024, show_default=True, help="MiB a run.")
@click.option("--promtool", metavar="PATH", help="Default: the one on the PATH.")
@click.option("--amtool", metavar="PATH", help="Default: the one on the PATH.")
@dialect_options
@click.option("--json", "as_json", is_flag=True, help="Print probes.json.")
@click.pass_context
def probe_command(
    ctx: click.Context,
    /,
    *,
    source: Path | None,
    tests: Path | None,
    alertmanager: tuple[Path, ...],
    artifacts: Path | None,
    environment: str,
    label: str | None,
    recording_rules: bool,
    replace_environment: bool,
    exclude: tuple[str, ...],
    routes: tuple[tuple[str, str], ...],
    min_tested: float | None,
    runbooks: Path | None,
    rules: Path | None,
    root: Path | None,
    repository: str | None,
    strict: bool,
    timeout: int,
    memory: int,
    promtool: str | None,
    amtool: str | None,
    as_json: bool,
    **dialect: object,
) -> None:
    """Test the alert rules of SOURCE as they ship, and write the results down for the promotion."""
    given = Alerts() if rules is None else _alerts(rules)
    top = root or _top(rules)
    source = source or _below(top, given.source)
    if source is None:
        raise click.UsageError("--source is missing; name the folder with the base rules")
    tests, runbooks = tests or _below(top, given.tests), runbooks or _below(top, given.runbooks)
    alertmanager = alertmanager or tuple(filter(None, [_below(top, given.alertmanager)]))
    label = label or given.environment_label
    recording_rules = recording_rules or given.label_recording_rules
    labelling = Labelling(
        environment=environment, label=label, recording=recording_rules, replace=replace_environment
    )
    problem = labelling_problem(labelling)
    if problem is not None:
        raise click.UsageError(problem)
    limits = Limits(seconds=timeout, megabytes=memory)
    place = _place(root, repository, [source, *filter(None, [tests, runbooks]), *alertmanager])
    try:
        inputs = Inputs(
            source=place.name(source if source.is_dir() else source.parent),
            rules=_read(place, source, exclude),
            tests={} if tests is None else _read(place, tests, ()),
            configs={place.name(each): _one(place, each) for each in alertmanager},
            files=DiskFiles(root=place.root),
            labelling=labelling,
            origin=_origin(source),
            dialect=dialect_of(dialect),
            routes=probes.asked({**given.routes, **dict(routes)}),
            minimum=given.min_tested_percent if min_tested is None else min_tested,
            runbooks=None if runbooks is None else place.name(runbooks),
            home=place.home,
        )
    except (FolderRefused, probes.BadLabelsError) as error:
        raise click.UsageError(str(error)) from error
    found = probe(
        inputs,
        Promtool.found(promtool, limits),
        lambda: Amtool.found(amtool, limits),
        told=_tell,
    )
    if artifacts is not None:
        _publish(found, artifacts, strict=strict)
    if as_json:
        click.echo(json.dumps(probes.plain(found, strict=strict), indent=2, ensure_ascii=False))
    else:
        _show(found, artifacts, strict=strict)
    ctx.exit({"pass": 0, "fail": 1, "unknown": 3}[found.outcome(strict=strict)])


def _alerts(rules: Path) -> Alerts:
    """What the rules file says about alerts."""
    try:
        result = check_text(str(rules), rules.read_bytes())
    except OSError as error:
        raise click.UsageError(f"{rules}: {error.strerror}") from error
    if result.policy is None:
        raise click.UsageError("\n".join(str(each) for each in result.errors))
    return result.policy.alerts or Alerts()


def _top(rules: Path | None) -> Path:
    """The root that a rules file's paths start at."""
    git = None if rules is None else home_of(rules)
    return Path() if git is None else git.root


def _below(top: Path, path: str | None) -> Path | None:
    return None if path is None else top / path


def _place(root: Path | None, repository: str | None, paths: list[Path]) -> Place:
    git = home_of(paths[0])
    if root is not None:
        top = root.resolve()
    elif git is not None:
        top = git.root.resolve()
    else:
        folders = [path.resolve() if path.is_dir() else path.resolve().parent for path in paths]
        top = Path(os.path.commonpath([str(folder) for folder in folders]))
    host, name = (git.host, git.name) if git else ("github.com", None)
    if repository and repository.count("/") != 1:
        raise click.UsageError(f"--repository {repository}: write owner/name")
    return Place(root=top, home=probes.Home(host=host, name=repository or name))


def _read(place: Place, path: Path, exclude: tuple[str, ...]) -> Mapping[str, bytes]:
    """The YAML files of a folder, or one file, by their path from the root."""
    place.name(path)  # Nothing outside is read.
    folder = RuleFolder(root=path, exclude=exclude)
    base = path if path.is_dir() else path.parent
    return {place.name(base / name): folder.read(name) for name in folder.names()}


def _one(place: Place, path: Path) -> bytes:
    if not path.is_file():
        raise FolderRefused(f"{path}: no such file; name the Alertmanager configuration")
    data = DiskFiles(root=place.root).read(place.name(path))
    if data is None:
        raise FolderRefused(f"{path}: is a symbolic link, or too large; name the file itself")
    return data


def _origin(source: Path) -> Source:
    commit = source_commit(source)
    if commit is None:
        return Source(path=source.resolve().name)
    return Source(path=commit.path, commit=commit.sha, changed=commit.changed)


def _tell(words: str) -> None:
    """Progress, for a person who waits."""
    if sys.stderr.isatty():
        click.echo(f"… {words}", err=True)


def _publish(found: probes.Probed, artifacts: Path, *, strict: bool) -> None:
    try:
        with staged(artifacts, owned=_OWNED) as stage:
            stage.write(probes.RESULTS_FILE, probes.write_results(found, strict=strict))
            stage.write(JUNIT_FILE, junit(found, strict=strict).encode("utf-8"))
            stage.write(LOG_FILE, ("\n".join(log(found)) + "\n").encode("utf-8"))
    except FolderRefused as error:
        raise click.UsageError(str(error)) from error


def _show(found: probes.Probed, artifacts: Path | None, *, strict: bool) -> None:
    for line in log(found, limit=MAX_TOLD):
        click.echo(line)
    if found.bundle is not None:
        click.echo(f"digest {found.bundle.digest()}")
    if artifacts is not None:
        click.echo(f"written: {', '.join(str(artifacts / name) for name in _OWNED)}")
    words = {"pass": "passed", "fail": "failed", "unknown": "no answer: promtool or amtool was stopped"}
    click.echo(words[found.outcome(strict=strict)])
