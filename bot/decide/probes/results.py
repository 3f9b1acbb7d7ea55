"""`probes.json`: the result of a run, with the hashes of exactly the bytes that were probed (rows A2, A5).

`covers` is what the promotion gate asks: whether these results speak about exactly that bundle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bot.decide.alerts.manifest import Bundle
from bot.decide.alerts.values import AlertsRefused, Problem
from bot.decide.probes.coverage_values import Share
from bot.decide.probes.values import Probed
from bot.model.strict_json import once

RESULTS_FILE = "probes.json"
VERSION = 1
MAX_FINDINGS = 5_000
"""Findings listed; those beyond are only counted (attack case 75)."""
_OUTCOMES = ("pass", "fail", "unknown")


def plain(probed: Probed, *, strict: bool = False) -> dict[str, Any]:
    """The result as JSON holds it. The same bytes give the same JSON: no times, no places of this machine."""
    found = probed.findings()
    levels = [each.level.value for each in found]
    return {
        "version": VERSION,
        "outcome": probed.outcome(strict=strict),
        "strict": strict,
        "environment": probed.environment,
        "bundle": _bundle(probed.bundle),
        "tests": [asdict(each) for each in probed.tests],
        "alertmanager": [asdict(each) for each in probed.routings],
        "tools": dict(sorted(probed.tools.items())),
        "counts": _counts(probed) | {"errors": levels.count("error"), "warnings": levels.count("warning")},
        "coverage": _coverage(probed),
        "findings": [
            {
                "kind": each.kind.value,
                "level": each.level.value,
                "file": each.file,
                "line": each.line,
                "message": each.message,
                "detail": each.detail,
            }
            for each in found[:MAX_FINDINGS]
        ],
        "dropped": max(0, len(found) - MAX_FINDINGS),
        "skipped": dict(sorted(probed.skipped.items())),
        "notes": list(probed.notes),
    }


def _bundle(bundle: Bundle | None) -> dict[str, Any] | None:
    if bundle is None:
        return None
    files = [
        {"file": each.file, "sha256": each.sha256, "source_sha256": each.source_sha256}
        for each in bundle.files
    ]
    return {
        "environment": bundle.environment,
        "label": bundle.label,
        "recording_rules_labelled": bundle.recording,
        "source": asdict(bundle.source),
        "digest": bundle.digest(),
        "files": files,
    }


def _counts(probed: Probed) -> dict[str, int]:
    def cases(probe: str) -> list[bool]:
        return [
            not any(each.level.value == "error" for each in case.findings)
            for case in probed.cases
            if case.probe == probe
        ]

    files, tests, routes = cases("rules"), cases("unit tests"), cases("routes")
    return {
        "rule_files": len(files),
        "rules": probed.coverage.rules.rules,
        "alerting": probed.coverage.alerting.rules,
        "recording": probed.coverage.recording.rules,
        "test_files": len(probed.tests),
        "tests": len(tests),
        "tests_failed": len(tests) - sum(tests),
        "routes": len(routes),
        "routes_failed": len(routes) - sum(routes),
    }


def _coverage(probed: Probed) -> dict[str, Any]:
    def share(each: Share) -> dict[str, Any]:
        return {"rules": each.rules, "tested": each.tested, "percent": each.percent}

    found = probed.coverage
    return {
        **share(found.rules),
        "alerting": share(found.alerting),
        "recording": share(found.recording),
        "groups": [
            {"file": each.file, "group": each.group, **share(each.share), "untested": list(each.untested)}
            for each in found.groups
        ],
    }


def write_results(probed: Probed, *, strict: bool = False) -> bytes:
    """The bytes of `probes.json`."""
    return (json.dumps(plain(probed, strict=strict), indent=2, ensure_ascii=False) + "\n").encode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What a gate needs of a `probes.json`. `sources` are the base files' hashes by name."""

    outcome: str
    environment: str
    label: str
    recording: bool
    digest: str
    files: Mapping[str, str]
    sources: Mapping[str, str]
    errors: int
    percent: float

    def covers(self, bundle: Bundle) -> str | None:
        """Why these results do not speak about exactly this bundle; None: they do.

        For the environment that was probed every byte must be the same. Another environment's bundle must come of the
        same base bytes with the same labelling: that it differs in the label alone is what the drift check proves.
        """
        if self.environment == bundle.environment:
            return None if self.digest == bundle.digest() else "other bytes were probed than the bundle holds"
        if (self.label, self.recording) != (bundle.label, bundle.recording):
            return "the bundle is labelled in another way than what was probed"
        theirs = {each.file: each.source_sha256 for each in bundle.files}
        if dict(self.sources) == theirs:
            return None
        changed = sorted(
            name for name in {*self.sources, *theirs} if self.sources.get(name) != theirs.get(name)
        )
        return f"other base rules were probed: {', '.join(changed[:5])} differ"


def read_results(data: bytes, *, file: str = RESULTS_FILE) -> Results:
    """Read a `probes.json`; raises AlertsRefused for what `write_results` does not write, or without a bundle."""
    try:
        return _results(json.loads(data, object_pairs_hook=once))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = "is not a probes.json of this version about a whole bundle; run lockstep alerts probe again"
        raise AlertsRefused([Problem(file=file, line=None, column=None, message=message)]) from error


def _results(raw: Any) -> Results:
    bundle = raw["bundle"]
    files = {str(each["file"]): str(each["sha256"]) for each in bundle["files"]}
    sources = {str(each["file"]): str(each["source_sha256"]) for each in bundle["files"]}
    errors, outcome = raw["counts"]["errors"], raw["outcome"]
    if raw["version"] != VERSION or outcome not in _OUTCOMES or type(errors) is not int:
        raise ValueError("another version")
    if len(files) != len(bundle["files"]) or (outcome == "pass" and errors):
        raise ValueError("it contradicts itself")
    if bundle["environment"] != raw["environment"] or type(bundle["recording_rules_labelled"]) is not bool:
        raise ValueError("it contradicts itself")
    whole = "".join(f"{sha}  {name}\n" for name, sha in sorted(files.items()))
    if bundle["digest"] != "sha256:" + hashlib.sha256(whole.encode("utf-8")).hexdigest():
        raise ValueError("the digest does not fit the files")
    return Results(
        outcome=outcome,
        environment=str(raw["environment"]),
        label=str(bundle["label"]),
        recording=bundle["recording_rules_labelled"],
        digest=str(bundle["digest"]),
        files=files,
        sources=sources,
        errors=errors,
        percent=float(raw["coverage"]["percent"]),
    )
