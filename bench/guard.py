"""The guards over generated files and over real ones, beside one libyaml parse of the same files and a second engine.

Real files are those of LOCKSTEP_CORPUS, or else the tests' data. OPA and conftest are Go programs, found neither in
Debian nor on PyPI or npm; `regorus`, which passes OPA's conformance tests, is asked the same instead and must agree.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import regorus
import yaml

from bench.table import Row
from bot.adapters.rego import Rego, shipped
from bot.adapters.rego.engine import rules
from bot.decide.guards import MAX_BYTES, guard
from bot.model.guards import Answered, Asked, GuardFile, Module
from bot.model.policy_after import Guards

FILES, GOAL = 2_000, 60.0
DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
TOPICS = ("alertmanager", "compose", "compose-derived", "k8s-manifests", "kustomize", "helm-values")


def rows(quick: bool = False) -> list[Row]:
    """Speed through the command line, and the two engines' answers over real files."""
    folder = Path(tempfile.mkdtemp(prefix="lockstep-bench-guard-"))
    try:
        return [_speed(folder, FILES // 10 if quick else FILES), *_real()]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def made(number: int) -> str:
    """One manifest as teams have them, one image in eight by tag; the same for the same number."""
    pick = random.Random(number)
    lines = ["apiVersion: apps/v1", "kind: Deployment", f"metadata: {{name: api-{number}}}", "spec:"]
    lines += ["  template:", "    spec:", "      containers:"]
    for index in range(4):
        digest = f"@sha256:{pick.getrandbits(256):064x}" if pick.randrange(8) else ""
        lines += [f"      - name: c{index}", f"        image: ghcr.io/acme/c{index}:1.{number}{digest}"]
        lines += ["        env:", *(f"        - {{name: KEY_{n}, value: 'v{n}'}}" for n in range(10))]
        lines += ["        resources: {limits: {memory: 256Mi}, requests: {cpu: 100m}}"]
    return "\n".join(lines) + "\n"


def _speed(folder: Path, files: int) -> Row:
    for number in range(files):
        path = folder / f"team-{number % 40}" / f"deployment-{number}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(made(number))
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "guard", "--json", str(folder)], capture_output=True, check=False
    )
    took = time.perf_counter() - began
    found = len(json.loads(done.stdout)["findings"])
    floor = _parsing(sorted(folder.rglob("*.yaml")))
    goal = GOAL * files / FILES
    return Row(
        what=f"guard, {files:,} manifests, {found:,} findings",
        measured=f"{took:.1f} s",
        beside=f"one libyaml parse: {floor:.1f} s",
        ratio=took / floor,
        goal=f"< {goal:.0f} s",
        met=took < goal and found > 0,
        value=took,
    )


def _parsing(paths: Sequence[Path]) -> float:
    began = time.perf_counter()
    for path in paths:
        try:
            for _ in yaml.parse(path.read_bytes(), Loader=yaml.CSafeLoader):
                pass
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
    return time.perf_counter() - began


def _real() -> list[Row]:
    corpus = Path(os.environ.get("LOCKSTEP_CORPUS", DATA))
    there = [corpus / topic for topic in TOPICS if (corpus / topic).is_dir()] or [corpus]
    paths = [each for folder in there for each in sorted(folder.rglob("*")) if each.is_file()]
    files = [
        GuardFile(path=str(each.relative_to(corpus)), data=each.read_bytes())
        for each in paths
        if each.stat().st_size <= MAX_BYTES
    ]
    timed = []
    for engine in (_Timed(Rego()), _Timed(_Reference())):
        began = time.perf_counter()
        found = guard(engine, shipped(), files, Guards()).findings
        timed.append((time.perf_counter() - began, engine.seconds, found))
    (took, asking, ours), (_, theirs_asking, theirs) = timed
    floor = _parsing([each for each in paths if each.suffix in (".yml", ".yaml")])
    differ = len(set(ours) ^ set(theirs))
    return [
        Row(
            what=f"guard, {len(files):,} real files",
            measured=f"{took:.1f} s, {len(ours):,} findings",
            beside=f"one libyaml parse: {floor:.1f} s",
            ratio=took / floor,
            value=took,
        ),
        Row(
            what="the engine alone, the same files",
            measured=f"{asking:.2f} s, {differ} answers differ",
            beside=f"regorus, in this process: {theirs_asking:.2f} s",
            ratio=asking / theirs_asking,
            goal="differ 0",
            met=differ == 0,
            value=float(differ),
            note="the embedded engine's time holds its process's start and limits",
        ),
    ]


class _Timed:
    """An engine with its time."""

    def __init__(self, engine: Rego | _Reference) -> None:
        self._engine, self.seconds = engine, 0.0

    def shipped(self) -> Sequence[Module]:
        """See `Engine`."""
        return shipped()

    def evaluate(self, asked: Sequence[Asked]) -> Sequence[Answered]:
        """See `Engine`."""
        began = time.perf_counter()
        answered = self._engine.evaluate(asked)
        self.seconds += time.perf_counter() - began
        return answered


class _Reference:
    """regorus, asked what the embedded engine is asked."""

    def evaluate(self, asked: Sequence[Asked]) -> Sequence[Answered]:
        """See `Engine`."""
        return [
            Answered(results=[_said(_loaded(each), each, value) for value in each.inputs]) for each in asked
        ]


def _loaded(asked: Asked) -> Any:
    engine = regorus.Engine()
    engine.add_policy(asked.module.path, asked.module.source)
    return engine


def _said(engine: Any, asked: Asked, value: Any) -> dict[str, list[Any]]:
    engine.set_input_json(json.dumps(value))
    return {
        rule: json.loads(engine.eval_rule_as_json(f"data.main.{rule}") or "[]")
        for rule in rules(asked.module)
    }
