"""Rendering and comparing 2,000 files with 50,000 rules, beside one libyaml parse of the same files.

Also: real rule files (LOCKSTEP_CORPUS, or else the tests' data) rendered twice for both environments: how many promtool
accepts afterwards as before, and whether every pair compares as equal.
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
        return [*_speed(folder, FILES // 10 if quick else FILES), *_real()]
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
    goal = GOAL * files / FILES
    what = f"{files:,} files, {count:,} rules"
    return [
        _row(
            f"alerts render, {what}",
            min(rendering),
            floor,
            None,
            f"promtool: {_promtool(folder / 'staging')}",
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


def _row(what: str, seconds: float, floor: float, goal: float | None, note: str) -> Row:
    return Row(
        what=what,
        measured=f"{seconds:.1f} s",
        beside=f"one libyaml parse of one bundle: {floor:.1f} s",
        ratio=seconds / floor,
        goal="–" if goal is None else f"< {goal:.0f} s",
        met=None if goal is None else seconds < goal,
        value=seconds,
        note=note,
    )


def _run(*words: object, code: int = 0) -> None:
    done = subprocess.run([*LOCKSTEP, *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise RuntimeError(f"lockstep alerts {words[0]} ended with {done.returncode}: {done.stderr[:500]}")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _parse(path: Path) -> None:
    for _ in yaml.parse(path.read_text(), Loader=yaml.CSafeLoader):
        pass


def _promtool(folder: Path) -> str:
    """How long promtool takes for the same bundle."""
    program = shutil.which("promtool")
    if program is None:
        return "not installed"
    files = [str(path) for path in folder.rglob("*.yml")]
    took = _seconds(
        lambda: subprocess.run([program, "check", "rules", *files], capture_output=True, check=False)
    )
    return f"check rules of the bundle in {took:.1f} s"


def _real() -> list[Row]:
    corpus = Path(os.environ.get("LOCKSTEP_CORPUS", DATA))
    root = next((folder for folder in (corpus / "prometheus", corpus / "alerts") if folder.is_dir()), corpus)
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
