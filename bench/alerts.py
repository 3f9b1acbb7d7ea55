"""Rendering, comparing and probing 2,000 files with 50,000 rules, beside one libyaml parse and promtool's own time.

The seconds are the clock's; the processors' stand beside them, for a busy machine gives neither side a fair share.
Also: the unit tests of real rule files through `probe`, beside promtool alone, and what they reach; real rule files
(LOCKSTEP_CORPUS, or else the tests' data) rendered twice for both environments: whether every pair compares as equal.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from bench.table import Row
from bot.decide.alerts import (
    AlertsRefused,
    Environments,
    Labelling,
    NotRules,
    Rendered,
    compare_files,
    render_rules,
)

FILES, RULES, GOAL = 2_000, 25, 10.0
DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
SIDES = Environments(staging="staging", production="production")
LOCKSTEP = [sys.executable, "-m", "bot", "alerts"]


def rows(quick: bool = False) -> list[Row]:
    """Speed over generated rules through the command line, and exactness over real files."""
    folder = Path(tempfile.mkdtemp(prefix="lockstep-bench-alerts-"))
    try:
        return [*_speed(folder, FILES // 10 if quick else FILES), *_real(), *_tested()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def made(number: int) -> str:
    """One rule file as teams have them; the same for the same number."""
    pick = random.Random(number)
    lines = ["groups:", f"- name: service-{number}", "  interval: 30s", "  rules:"]
    for index in range(RULES):
        job, share = f"svc-{number}-{index}", pick.randint(1, 99)
        selector = f'http_requests_total{{job="{job}"'
        if index % 8 == 0:
            lines += [
                f"  - record: job:errors_{index}:rate5m",
                f"    expr: sum by (job) (rate({selector}}}[5m]))",
            ]
            continue
        lines += [
            f"  - alert: HighErrorRate{index}",
            "    expr: |",
            f'      sum by (job) (rate({selector}, code=~"5.."}}[5m]))',
            f"        / sum by (job) (rate({selector}}}[5m])) > 0.{share:02} # share of failures",
            "    for: 5m",
            "    labels:",
            "      severity: critical",
            "    annotations:",
            '      summary: "{{ $labels.job }} fails in {{ $value | humanizePercentage }} of requests"',
            f"      runbook_url: https://runbooks.example/{job}",
        ]
    return "\n".join(lines) + "\n"


def _speed(folder: Path, files: int) -> list[Row]:
    source, count = folder / "source", files * RULES
    for number in range(files):
        path = source / f"team-{number % 40}" / f"rules-{number}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(number))
    rendering = [
        _seconds(
            lambda name=name: _run(
                "render", "--source", source, "--output", folder / name, "--environment", name
            )
        )
        for name in ("staging", "production")
    ]
    sides = ["compare", "--staging", folder / "staging", "--production", folder / "production"]
    comparing = _seconds(lambda: _run(*sides))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    for path in (folder / "production").rglob("*.yml"):
        path.write_text(
            path.read_text().replace("sum by (job)", "sum by(job)").replace("critical", "page", 1)
        )
    differing = _seconds(lambda: _run(*sides, "--json", code=1))
    floor = _seconds(lambda: [_parse(path) for path in (folder / "staging").rglob("*.yml")])
    probing = _seconds(
        lambda: _run("probe", "--source", source, "--environment", "staging", "--timeout", 300)
    )
    alone = _promtool(folder / "staging")
    goal = GOAL * files / FILES
    what = f"{files:,} files, {count:,} rules"
    return [
        _row(f"alerts render, {what}", min(rendering), floor, None, ""),
        Row(
            what=f"alerts probe, {what}, no unit tests",
            measured=_said(probing),
            beside="promtool is not installed" if alone is None else f"promtool check rules: {_said(alone)}",
            ratio=None if alone is None else probing[0] / alone[0],
            goal="–",
            value=probing[0],
            note="renders, asks promtool, looks for runbooks and counts what tests reach",
        ),
        _row(
            f"alerts compare, equal, {what}",
            comparing,
            floor,
            goal,
            f"at most {memory:.0f} MiB in one process",
        ),
        _row(f"alerts compare, each file and expression different, {what}", differing, floor, None, ""),
    ]


Took = tuple[float, float]
"""Seconds on the clock, and of all processors."""


def _row(what: str, took: Took, floor: Took, goal: float | None, note: str) -> Row:
    return Row(
        what=what,
        measured=_said(took),
        beside=f"one libyaml parse of one bundle: {_said(floor)}",
        ratio=took[0] / floor[0],
        goal="–" if goal is None else f"< {goal:.0f} s",
        met=None if goal is None else took[0] < goal,
        value=took[0],
        note=note,
    )


def _said(took: Took) -> str:
    return f"{took[0]:.1f} s ({took[1]:.1f} s of processors)"


def _run(*words: object, code: int = 0) -> None:
    done = subprocess.run([*LOCKSTEP, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise RuntimeError(f"lockstep alerts {words[0]} ended with {done.returncode}: {done.stderr[:500]}")


def _seconds(work: Callable[[], object]) -> Took:
    began, spent = time.perf_counter(), _processors()
    work()
    return time.perf_counter() - began, _processors() - spent


def _processors() -> float:
    """Seconds of processor time of this process and of all that it started and that ended."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in found)


def _parse(path: Path) -> None:
    for _ in yaml.parse(path.read_text(), Loader=yaml.CSafeLoader):
        pass


def _promtool(folder: Path) -> Took | None:
    """How long promtool takes for the same bundle; None: it is not installed."""
    program = shutil.which("promtool")
    if program is None:
        return None
    files = [str(path) for path in folder.rglob("*.yml")]
    return _seconds(
        lambda: subprocess.run([program, "check", "rules", *files], capture_output=True, check=False)
    )


def _corpus(*names: str) -> Path:
    """The folder of real files: LOCKSTEP_CORPUS', or the tests' own."""
    corpus = Path(os.environ.get("LOCKSTEP_CORPUS", DATA))
    return next((corpus / name for name in names if (corpus / name).is_dir()), corpus)


def _tested() -> list[Row]:
    """The folders of real rule files that have unit tests: through `probe`, and by promtool alone."""
    program = shutil.which("promtool")
    tests = [
        path
        for path in sorted(_corpus("prometheus", "probes/prometheus").rglob("*.y*ml"))
        if b"\nrule_files:" in b"\n" + path.read_bytes()
    ]
    if program is None or not tests:
        return []
    folders = sorted({path.parent for path in tests})

    def ours() -> None:
        for folder in folders:
            # Not all that is there is meant to pass: what counts here is the time.
            words = ["probe", "--source", folder, "--root", folder]
            subprocess.run([*LOCKSTEP, *map(str, words)], capture_output=True, check=False)

    def theirs() -> None:
        for path in tests:
            subprocess.run(
                [program, "test", "rules", path.name], cwd=path.parent, capture_output=True, check=False
            )

    took, alone = _seconds(ours), _seconds(theirs)
    return [
        Row(
            what=f"alerts probe, {len(tests)} real files of unit tests in {len(folders)} folders",
            measured=_said(took),
            beside=f"promtool test rules alone, one by one: {_said(alone)}",
            ratio=took[0] / alone[0],
            goal="–",
            value=took[0],
            note="a start of Lockstep for each folder; rendering, checks and lint are in it",
        )
    ]


def _real() -> list[Row]:
    root = _corpus("prometheus", "alerts")
    rendered = refused = wrong = 0
    for path in sorted(root.rglob("*.y*ml")):
        data = path.read_bytes()
        try:
            sides = [_bundle(data, name) for name in ("staging", "production")]
        except AlertsRefused:
            refused += 1
            continue
        if isinstance(sides[0], NotRules) or isinstance(sides[1], NotRules):
            continue
        found = compare_files(sides[0].data, sides[1].data, file=path.name, environments=SIDES).findings
        again = _bundle(data, "staging")
        same = isinstance(again, Rendered) and again.data == sides[0].data
        rendered, wrong = rendered + 1, wrong + (bool(found) or not same)
    return [
        Row(
            what="alerts, real rule files",
            measured=f"{rendered} rendered for both, {refused} refused, {wrong} wrong",
            beside="twice the same bytes, and no drift between the two",
            goal="wrong 0",
            met=wrong == 0 and rendered > 0,
            value=wrong,
        )
    ]


def _bundle(data: bytes, environment: str) -> Rendered | NotRules:
    return render_rules(data, file="rules.yml", labelling=Labelling(environment=environment))
