"""The files of a bundle: as a folder of the repository holds them, and as the source renders to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bot.decide.alerts import (
    BUNDLE_FILE,
    AlertsRefused,
    BundledFile,
    Labelling,
    NotRules,
    RuleFile,
    bundled,
    labelling_problem,
    read_bundle,
    render_rules,
)
from bot.decide.drift.facts import is_below
from bot.model.policy_after import Alerts
from bot.model.tree import Tree, TreeFile
from bot.model.verdict import Annotation

ENDINGS = (".yml", ".yaml", ".rules")
"""What a rule file's name ends with; others in these folders are no rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One bundle: name below its folder to bytes. `troubles` are remarks on files that keep it from being one."""

    environment: str
    files: Mapping[str, bytes]
    rules: Mapping[str, RuleFile] = field(default_factory=dict)
    """What was rendered, as read; empty for bundles that were not rendered here."""
    troubles: tuple[Annotation, ...] = ()
    entries: tuple[BundledFile, ...] = ()
    """Its files as `bundle.json` tells of them; empty for bundles that were not rendered here."""

    @property
    def digest(self) -> str:
        """One hash for exactly these bytes in these files, as `lockstep alerts render` prints it (row A5)."""
        return digest_of(self.files)


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest of a bundle's rule files; `bundle.json` itself does not count."""
    lines = (
        f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n"
        for name in sorted(files)
        if name != BUNDLE_FILE
    )
    return "sha256:" + hashlib.sha256("".join(lines).encode("utf-8")).hexdigest()


def bundle_of(tree: Tree | None, environment: str) -> Payload:
    """A bundle as a folder holds it; None: there is no such folder, which is a bundle without files."""
    if tree is None:
        return Payload(environment=environment, files={})
    found = dict(_rule_files(tree, ()))
    troubles = _troubles(found)
    files = {name: file.data for name, file in found.items() if file.data is not None and file.is_regular}
    told = tree.files.get(f"{tree.path}/{BUNDLE_FILE}")
    if told is not None:
        troubles += _told_otherwise(told, environment, files)
    return Payload(environment=environment, files=files, troubles=troubles)


def payload_of(source: Tree, alerts: Alerts, environment: str) -> Payload:
    """What the source renders to for an environment. A base file that cannot be rendered is a trouble at its line."""
    labelling = Labelling(
        environment=environment, label=alerts.environment_label, recording=alerts.label_recording_rules
    )
    apart = [each.rstrip("/") for each in (alerts.tests, alerts.alertmanager, alerts.runbooks) if each]
    found = dict(_rule_files(source, (*apart, *(each.rstrip("/") for each in alerts.bundles.values()))))
    troubles = list(_troubles(found))
    problem = labelling_problem(labelling)
    if problem is not None:
        return Payload(
            environment=environment, files={}, troubles=(_remark(source.path, 1, problem), *troubles)
        )
    files: dict[str, bytes] = {}
    rules: dict[str, RuleFile] = {}
    entries: list[BundledFile] = []
    for name, file in found.items():
        if file.data is None or not file.is_regular:
            continue
        try:
            rendered = render_rules(file.data, file=name, labelling=labelling)
        except AlertsRefused as refused:
            troubles += [_remark(file.path, each.line, each.message) for each in refused.problems]
            continue
        if not isinstance(rendered, NotRules):
            files[name], rules[name] = rendered.data, rendered.rules
            entries.append(bundled(name, file.data, rendered))
    if not files and not troubles:
        troubles.append(_remark(source.path, 1, "holds no rule files; name the folder with the base rules"))
    return Payload(
        environment=environment, files=files, rules=rules, troubles=tuple(troubles), entries=tuple(entries)
    )


def _rule_files(tree: Tree, apart: tuple[str, ...]) -> Iterator[tuple[str, TreeFile]]:
    """Rule files by name below the tree's path, and whatever is no plain file; hidden ones are left out."""
    for path, file in tree.files.items():
        name = path.removeprefix(f"{tree.path}/") if path != tree.path else path.rpartition("/")[2]
        hidden = any(part.startswith(".") for part in name.split("/"))
        if hidden or any(is_below(path, each) for each in apart):
            continue
        if not file.is_regular or name.lower().endswith(ENDINGS):
            yield name, file


def _troubles(found: Mapping[str, TreeFile]) -> tuple[Annotation, ...]:
    return tuple(
        _remark(file.path, 1, trouble) for file in found.values() if (trouble := file.trouble()) is not None
    )


def _told_otherwise(told: TreeFile, environment: str, files: Mapping[str, bytes]) -> tuple[Annotation, ...]:
    """How a bundle's own list differs from what lies beside it: somebody edited a rendered file."""
    if told.data is None or not told.is_regular:
        return (_remark(told.path, 1, told.trouble() or "cannot be read"),)
    try:
        bundle = read_bundle(told.data, file=told.path)
    except AlertsRefused as refused:
        return tuple(_remark(told.path, each.line, each.message) for each in refused.problems)
    if bundle.environment != environment:
        message = (
            f"says that the bundle is for {bundle.environment}, and the rules file that it is {environment}'s"
        )
        return (_remark(told.path, 1, message),)
    listed = {each.file: each.sha256 for each in bundle.files}
    there = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    wrong = sorted(name for name in {*listed, *there} if listed.get(name) != there.get(name))
    if not wrong:
        return ()
    shown = ", ".join(wrong[:5]) + (" …" if len(wrong) > 5 else "")
    return (
        _remark(told.path, 1, f"tells of other bytes than lie beside it: {shown}; render the bundle again"),
    )


def _remark(path: str, line: int | None, message: str) -> Annotation:
    return Annotation(path=path, line=line or 1, message=message, title="alert bundle")
