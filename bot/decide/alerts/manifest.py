"""`bundle.json`: what a rendered bundle holds, from what it was made, and the hash of each file (rows A1, A5)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.decide.alerts.labelling import Labelling
from bot.decide.alerts.rendering import Rendered
from bot.decide.alerts.values import AlertsRefused, Problem
from bot.model.strict_json import once

BUNDLE_FILE = "bundle.json"
VERSION = 1
_SHA = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledFile:
    """One file of a bundle. `source_sha256` is the base file's; counts are numbers of groups and rules."""

    file: str
    sha256: str
    source_sha256: str
    groups: int
    alerting: int
    recording: int
    labelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the base rules stood: the path in the repository (or the folder's name), and the commit; None: no Git.

    `changed` says that files of the source differ from that commit.
    """

    path: str
    commit: str | None = None
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A rendered bundle as its `bundle.json` tells. `skipped` are files of the source that hold no rules, and why."""

    environment: str
    label: str
    recording: bool
    source: Source
    files: Sequence[BundledFile]
    skipped: Mapping[str, str]

    def digest(self) -> str:
        """One hash for exactly these bytes in these files (row A5)."""
        whole = "".join(f"{each.sha256}  {each.file}\n" for each in sorted(self.files, key=lambda f: f.file))
        return "sha256:" + hashlib.sha256(whole.encode("utf-8")).hexdigest()

    def counts(self) -> dict[str, int]:
        """Numbers of files, groups and rules."""
        names = ("groups", "alerting", "recording", "labelled")
        return {
            "files": len(self.files),
            **{name: sum(getattr(f, name) for f in self.files) for name in names},
        }


def bundled(file: str, base: bytes, rendered: Rendered) -> BundledFile:
    """The entry for one rendered file."""
    kinds = [rule.alerting for _, rule in rendered.rules.rules()]
    return BundledFile(
        file=file,
        sha256=hashlib.sha256(rendered.data).hexdigest(),
        source_sha256=hashlib.sha256(base).hexdigest(),
        groups=sum(1 for _ in rendered.rules.groups()),
        alerting=sum(kinds),
        recording=len(kinds) - sum(kinds),
        labelled=rendered.labelled,
    )


def make_bundle(
    labelling: Labelling, source: Source, files: Sequence[BundledFile], skipped: Mapping[str, str]
) -> Bundle:
    """The bundle of these files, in the order of their names."""
    return Bundle(
        environment=labelling.environment,
        label=labelling.label,
        recording=labelling.recording,
        source=source,
        files=sorted(files, key=lambda each: each.file),
        skipped=dict(sorted(skipped.items())),
    )


def plain(bundle: Bundle) -> dict[str, Any]:
    """The bundle as JSON holds it."""
    return {
        "version": VERSION,
        "environment": bundle.environment,
        "label": bundle.label,
        "recording_rules_labelled": bundle.recording,
        "source": asdict(bundle.source),
        "digest": bundle.digest(),
        "counts": bundle.counts(),
        "files": [asdict(each) for each in bundle.files],
        "skipped": dict(bundle.skipped),
    }


def write_bundle(bundle: Bundle) -> bytes:
    """The bytes of `bundle.json`; the same for the same bundle."""
    return (json.dumps(plain(bundle), indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def read_bundle(data: bytes, *, file: str = BUNDLE_FILE) -> Bundle:
    """Read a `bundle.json`; raises AlertsRefused for anything that `write_bundle` does not write."""
    try:
        return _bundle(json.loads(data, object_pairs_hook=once))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = "is not a bundle.json of this version; render the bundle again"
        raise AlertsRefused([Problem(file=file, line=None, column=None, message=message)]) from error


def _bundle(raw: Any) -> Bundle:
    source = Source(**raw["source"])
    files = [BundledFile(**each) for each in raw["files"]]
    bundle = Bundle(
        environment=_text(raw["environment"]),
        label=_text(raw["label"]),
        recording=raw["recording_rules_labelled"] is True,
        source=source,
        files=files,
        skipped={_text(name): _text(why) for name, why in raw["skipped"].items()},
    )
    for each in files:
        _text(each.file)
        if len(_text(each.sha256)) != _SHA or not all(
            isinstance(n, int) for n in (each.groups, each.alerting)
        ):
            raise ValueError("a file's entry is malformed")
    if raw["version"] != VERSION or len({each.file for each in files}) != len(files):
        raise ValueError("another version, or a file that stands twice")
    if raw["digest"] != bundle.digest():
        raise ValueError("the digest does not fit the files")
    return bundle


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is expected")
    return value
