"""How fast and how exact the bump is, over a folder of real values files.

    python -m bench.bump [FOLDER]

FOLDER (or LOCKSTEP_CORPUS, or else the tests' data) may hold `image-bumps`, `helm-values-derived` (folders with
`before.yaml` and `after.yaml`), and folders of values files. Printed: how many real commits are reproduced byte for
byte, whether any edit of any image scalar changes more than that scalar, and files per second beside the physical
floor (reading the file and one libyaml parse of it), as a ratio measured in the same run.
"""

from __future__ import annotations

import importlib.util
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml

from bot.decide.bump import BumpRefused, Image, ScalarEdit, apply_edits, bump_images, read_images

IMAGE = Image(repository=None, tag="1e3", digest="sha256:" + "ab" * 32)
ROUNDS = 5


def _oracle() -> ModuleType:
    """The reader that the tests use too; it lies beside them."""
    path = Path(__file__).resolve().parent.parent / "tests" / "decide" / "bump" / "oracle.py"
    spec = importlib.util.spec_from_file_location("bump_oracle", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules["bump_oracle"] = module
    spec.loader.exec_module(module)
    return module


oracle = _oracle()


def show_pairs(root: Path) -> None:
    """Print how many real commits are reproduced byte for byte."""
    counts: Counter[str] = Counter()
    for folder in oracle.pairs(root):
        before, after = (folder / "before.yaml").read_bytes(), (folder / "after.yaml").read_bytes()
        edits = oracle.meant_edits(before, after) if oracle.only_values_changed(before, after) else None
        if edits is None:
            counts["not values only (left out)"] += 1
            continue
        try:
            result = apply_edits(before, edits, file=folder.name)[0]
            outcome = "reproduced byte for byte" if result == after else "WRONG"
        except BumpRefused as error:
            outcome = "refused"
            print(f"  refused: {error}")
        counts[outcome] += 1
        if outcome == "WRONG":
            print(f"  WRONG: {folder.name}")
    _table("Real commits (before → after)", counts)


def show_edits(root: Path) -> None:
    """Print whether an edit of any image scalar, one at a time, changes anything else."""
    counts: Counter[str] = Counter()
    for path in oracle.values_files(root):
        data = path.read_bytes()
        try:
            found = [
                leaf
                for leaf in oracle.leaves(data)
                if oracle.IMAGE_KEY.match(leaf.pointer.rpartition("/")[2])
            ]
        except yaml.YAMLError:
            counts["file is not YAML (left out)"] += 1
            continue
        for leaf in found:
            counts[_try_edit(data, path.name, leaf)] += 1
    _table("Every image scalar, one at a time, set to 1e3", counts)


def _try_edit(data: bytes, name: str, leaf: Any) -> str:
    edit = ScalarEdit(pointer=leaf.pointer, value=IMAGE.tag, document=leaf.document)
    try:
        after = apply_edits(data, [edit], file=name)[0]
    except BumpRefused as error:
        reason = re.sub(r"'[^']*'|/\S+|\d+", "…", error.message)
        return f"refused: {reason[:80]}"
    return oracle.harm(data, after, leaf, IMAGE.tag) or "only that scalar changed"


def image_paths(data: bytes) -> Iterator[str]:
    """Path templates of every mapping with a `tag`, for `bump_images`."""
    for leaf in oracle.leaves(data):
        parent, _, key = leaf.pointer.rpartition("/")
        if key == "tag" and leaf.document == 0:
            tokens = [t.replace("~1", "/").replace("~0", "~") for t in parent.split("/")[1:]]
            yield ".".join(re.sub(r"([.\\])", r"\\\1", token) for token in tokens) or "."


def show_images(root: Path) -> None:
    """Print whether every mapping with a tag can be moved to a tag and a digest, and reads back."""
    counts: Counter[str] = Counter()
    for path in oracle.values_files(root):
        data = path.read_bytes()
        try:
            templates = list(image_paths(data))
        except yaml.YAMLError:
            continue
        for template in templates:
            counts[_try_image(data, path.name, template)] += 1
    _table("Every mapping with a tag, moved to tag and digest", counts)


def _try_image(data: bytes, name: str, template: str) -> str:
    try:
        after, edits = bump_images(data, {"x": IMAGE}, path=template, file=name)
        now = read_images(after, ["x"], path=template, file=name)["x"]
    except BumpRefused as error:
        return f"refused: {re.sub(r'/[^ ]+|[0-9]+', '…', error.message)[:80]}"
    if (now.tag, now.digest) != (IMAGE.tag, IMAGE.digest):
        return "WRONG: reads back differently"
    changed = len(set(after.split(b"\n")) - set(data.split(b"\n")))
    return (
        "moved, in at most as many lines as edits" if changed <= len(edits) else "WRONG: more lines changed"
    )


def _table(title: str, counts: Counter[str]) -> None:
    print(f"\n{title}")
    total = sum(counts.values())
    for outcome, count in counts.most_common():
        print(f"  {count:6d}  {100 * count / total:5.1f} %  {outcome}")
    print(f"  {total:6d}  in all")


def show_speed(root: Path) -> None:
    """Print files per second for one edit a file, beside reading and parsing the same files once."""
    work = [(folder / "before.yaml", folder) for folder in oracle.pairs(root)] + [
        (p, None) for p in oracle.values_files(root)
    ]
    jobs: list[tuple[Path, list[ScalarEdit]]] = []
    for path, _ in work:
        try:
            found = oracle.leaves(path.read_bytes())
        except yaml.YAMLError:
            continue
        wanted = [leaf for leaf in found if oracle.IMAGE_KEY.match(leaf.pointer.rpartition("/")[2])][:1]
        edits = [ScalarEdit(pointer=x.pointer, value="9.9.9", document=x.document) for x in wanted]
        if edits and _editable(path, edits):
            jobs.append((path, edits))
    size = sum(path.stat().st_size for path, _ in jobs)

    def floor() -> None:
        for path, _ in jobs:
            _parse(path.read_bytes().decode("utf-8"))

    def edit() -> None:
        for path, edits in jobs:
            apply_edits(path.read_bytes(), edits, file=path.name)

    best = _race({"floor: read + one libyaml parse": floor, "bump: read, edit, prove": edit})
    print(f"\nSpeed over {len(jobs)} files, {size / 1e6:.2f} MB (best of {ROUNDS} rounds, taken in turns)")
    _speed_table(best, len(jobs))
    _show_big_file()


def _parse(text: str) -> None:
    for _ in yaml.parse(text, Loader=oracle.LOADER):
        pass


def _editable(path: Path, edits: list[ScalarEdit]) -> bool:
    try:
        apply_edits(path.read_bytes(), edits, file=path.name)
    except BumpRefused:
        return False
    return True


def _show_big_file() -> None:
    part = "svc{0}:\n  image:\n    repository: ghcr.io/org/svc{0}  # é\n    tag: 1.{0}.0\n  replicas: 2\n"
    data = "".join(part.format(i) for i in range(2000)).encode()
    text = data.decode()
    images = {"svc1234": IMAGE}
    best = _race(
        {
            "floor: one libyaml parse": lambda: _parse(text),
            "bump: one image": lambda: bump_images(data, images, path="{component}.image", file="big"),
        }
    )
    lines = text.count("\n")
    print(f"\nOne file of {lines:,} lines, {len(data) / 1e6:.2f} MB")
    _speed_table(best, 1)


def _race(runs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The best seconds of each run, in turns so that a noisy machine disturbs all alike."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def _speed_table(best: dict[str, float], files: int) -> None:
    base = next(iter(best.values()))
    for name, seconds in best.items():
        rate, each = files / seconds, 1000 * seconds / files
        print(f"  {name:34s} {rate:9.1f} files/s  {each:8.2f} ms/file  {seconds / base:5.2f} × floor")


def main() -> None:
    """Print all tables."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else oracle.corpus()
    print(f"Corpus: {len(oracle.pairs(root))} commits, {len(oracle.values_files(root))} files")
    show_pairs(root)
    show_edits(root)
    show_images(root)
    show_speed(root)


if __name__ == "__main__":
    main()
