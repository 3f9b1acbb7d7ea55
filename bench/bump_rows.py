"""The rows about the bump, measured with the parts of `bench.bump` (which also runs alone, with more to print)."""

from __future__ import annotations

import time
from pathlib import Path

import yaml

from bench.bump import _editable, _parse, _try_edit, oracle
from bench.table import Row
from bot.decide.bump import BumpRefused, ScalarEdit, apply_edits

ROUNDS = 5


def rows(quick: bool = False) -> list[Row]:
    """Exactness over real commits and values files, and files per second beside reading and parsing them once."""
    root = oracle.corpus()
    return [_commits(root), _scalars(root), _speed(root, 2 if quick else ROUNDS)]


def _commits(root: Path) -> Row:
    same = refused = wrong = 0
    for folder in oracle.pairs(root):
        before, after = (folder / "before.yaml").read_bytes(), (folder / "after.yaml").read_bytes()
        edits = oracle.meant_edits(before, after) if oracle.only_values_changed(before, after) else None
        if edits is None:
            continue
        try:
            result = apply_edits(before, edits, file=folder.name)[0]
        except BumpRefused:
            refused += 1
            continue
        same, wrong = same + (result == after), wrong + (result != after)
    count = same + refused + wrong
    return Row(
        what="bump, real commits that changed values only",
        measured=f"{same} of {count} byte for byte, {refused} refused, {wrong} wrong",
        beside=f"the commits as people made them: {count}",
        ratio=same / count if count else None,
        goal="wrong 0",
        met=wrong == 0 and count > 0,
        value=wrong,
    )


def _scalars(root: Path) -> Row:
    exact = refused = harmed = 0
    for path in oracle.values_files(root):
        data = path.read_bytes()
        try:
            leaves = oracle.leaves(data)
        except yaml.YAMLError:
            continue
        for leaf in leaves:
            if not oracle.IMAGE_KEY.match(leaf.pointer.rpartition("/")[2]):
                continue
            outcome = _try_edit(data, path.name, leaf)
            exact += outcome == "only that scalar changed"
            refused += outcome.startswith("refused")
            harmed += outcome != "only that scalar changed" and not outcome.startswith("refused")
    return Row(
        what="bump, each image scalar of real values files, one at a time",
        measured=f"{exact} changed only that scalar, {refused} refused, {harmed} wrong",
        goal="wrong 0",
        met=harmed == 0 and exact > 0,
        value=harmed,
    )


def _speed(root: Path, rounds: int) -> Row:
    jobs: list[tuple[Path, list[ScalarEdit]]] = []
    for path in [*(folder / "before.yaml" for folder in oracle.pairs(root)), *oracle.values_files(root)]:
        try:
            leaves = oracle.leaves(path.read_bytes())
        except yaml.YAMLError:
            continue
        wanted = [leaf for leaf in leaves if oracle.IMAGE_KEY.match(leaf.pointer.rpartition("/")[2])][:1]
        edits = [ScalarEdit(pointer=leaf.pointer, value="9.9.9", document=leaf.document) for leaf in wanted]
        if edits and _editable(path, edits):
            jobs.append((path, edits))
    best = {"floor": float("inf"), "edit": float("inf")}
    for _ in range(rounds):
        began = time.perf_counter()
        for path, _edits in jobs:
            _parse(path.read_bytes().decode("utf-8"))
        between = time.perf_counter()
        for path, edits in jobs:
            apply_edits(path.read_bytes(), edits, file=path.name)
        best["floor"] = min(best["floor"], between - began)
        best["edit"] = min(best["edit"], time.perf_counter() - between)
    rate, floor = len(jobs) / best["edit"], len(jobs) / best["floor"]
    return Row(
        what=f"bump, files a second over {len(jobs)} files",
        measured=f"{rate:.0f}/s",
        beside=f"reading and one libyaml parse: {floor:.0f}/s",
        ratio=rate / floor,
        value=rate,
    )
