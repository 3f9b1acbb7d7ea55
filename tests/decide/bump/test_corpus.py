"""The bump over real files: real commits are reproduced, and no edit of an image touches anything else.

LOCKSTEP_CORPUS names a folder with more of the same (`bench/bump.py` prints its pass rates).
"""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from bot.decide.bump import BumpRefused, ScalarEdit, apply_edits

DATA = Path(os.environ.get("LOCKSTEP_CORPUS") or Path(__file__).resolve().parents[2] / "data" / "bump")
PAIRS = sorted(p.parent for p in DATA.glob("*/*/before.yaml"))
FILES = sorted(p for name in ("helm-values", "kustomize") for p in (DATA / name).rglob("*.yaml"))


@pytest.mark.parametrize("folder", PAIRS, ids=lambda folder: folder.name)
def test_a_commit_that_changed_only_values_is_reproduced_byte_for_byte(
    folder: Path, oracle: ModuleType
) -> None:
    before, after = (folder / "before.yaml").read_bytes(), (folder / "after.yaml").read_bytes()
    edits = oracle.meant_edits(before, after)
    result, _ = apply_edits(before, edits, file="values.yaml")
    assert result == after or not oracle.only_values_changed(before, after)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_case_52_an_edit_of_any_image_scalar_changes_that_scalar_alone(
    path: Path, oracle: ModuleType
) -> None:
    data = path.read_bytes()
    try:
        found = [x for x in oracle.leaves(data) if oracle.IMAGE_KEY.match(x.pointer.rpartition("/")[2])]
    except yaml.YAMLError:
        found = []
    harm = {}
    for leaf in found:
        edit = ScalarEdit(pointer=leaf.pointer, value="1e3", document=leaf.document)
        try:
            result, _ = apply_edits(data, [edit], file=path.name)
        except BumpRefused as refusal:
            harm[leaf.pointer] = "" if "shared through an anchor" in refusal.message else refusal.message
        else:
            harm[leaf.pointer] = oracle.harm(data, result, leaf, "1e3")
    assert set(harm.values()) <= {""}, harm


def test_the_data_hold_real_commits_and_values_files() -> None:
    assert (len(PAIRS) >= 70, len(FILES) >= 20) == (True, True)
