"""The verdict on drift: is each bundle what the source renders to, and do the environments differ in their label alone?

- The first bundle of the chain must be what the source renders to when either of them changes; a later bundle when the
  pull request touches it. A later one that it leaves alone may be behind: bringing it on is what a promotion is for.
- What the source renders to for an environment may differ from the bundle before it in the label alone (row A4).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bot.decide.alerts import Environments, Finding, RuleFile, compare_files
from bot.decide.drift.facts import DriftFacts, chain_of
from bot.decide.drift.payload import Payload, bundle_of, payload_of
from bot.decide.drift.tracing import source_line
from bot.decide.text import code, defang, plain
from bot.model.facts import Unknown
from bot.model.tree import Tree
from bot.model.verdict import Annotation, Outcome, Verdict

DRIFT = "drift"
MOST_TOLD = 5
"""Differences told in the summary for each bundle; all are annotations."""
MOST_TRACED = 1000
"""Differences that become annotations; GitHub shows no more either (attack case 75)."""


def drift(facts: DriftFacts) -> Verdict | None:
    """The answer for the alert files of one commit; None where the rules name neither a source nor bundles."""
    if facts.alerts.source is None and not facts.alerts.bundles:
        return None
    unread = _unread(facts)
    if unread is not None:
        outcome = Outcome.WAIT if unread.passing else Outcome.UNKNOWN
        return Verdict(gate=DRIFT, outcome=outcome, headline=plain(unread.why, 220))
    return _Looking(facts).verdict()


def _unread(facts: DriftFacts) -> Unknown | None:
    """What could not be read, if anything; a bundle that does not exist is no such thing."""
    source = facts.alerts.source
    if source is not None:
        tree = facts.trees.get(source.rstrip("/"))
        if not isinstance(tree, Tree):
            return tree or Unknown(why=f"{source} was not read")
    for folder in facts.alerts.bundles.values():
        tree = facts.trees.get(folder.rstrip("/"))
        if tree is None or (isinstance(tree, Unknown) and not tree.absent):
            return tree or Unknown(why=f"{folder} was not read")
    return facts.rendered if isinstance(facts.rendered, Unknown) else None


@dataclass(slots=True)
class _Looking:
    """Goes through the chain, and collects what is wrong."""

    facts: DriftFacts
    wrong: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    annotations: dict[Annotation, None] = field(default_factory=dict)
    _rendered: dict[str, Payload | None] = field(default_factory=dict)
    _bundles: dict[str, Payload | None] = field(default_factory=dict)

    def verdict(self) -> Verdict:
        chain = chain_of(self.facts.alerts, self.facts.environments)
        payloads = [each for name in chain for each in (self.rendered(name), self.bundle(name)) if each]
        self._troubles(payloads)
        if not any(each.files for each in payloads) and not self.wrong:
            self.wrong.append("There is no rule file in any bundle, so nothing can be compared")
        if not self.wrong:
            stale = {name for index, name in enumerate(chain) if self._is_stale(name, first=index == 0)}
            for before, name in itertools.pairwise(chain):
                if not stale & {before, name}:
                    self._pair(before, name)
        if not self.wrong:
            return self._passing(chain)
        more = f" (and {len(self.wrong) - 1} more)" if len(self.wrong) > 1 else ""
        return Verdict(
            gate=DRIFT,
            outcome=Outcome.BLOCK,
            headline=f"{self.wrong[0]}{more}",
            reasons=tuple(self.reasons),
            annotations=tuple(self.annotations),
        )

    def rendered(self, environment: str) -> Payload | None:
        """What the source is for an environment, by CI's word where the rules say so; None without a source."""
        if environment not in self._rendered:
            self._rendered[environment] = self._render(environment)
        return self._rendered[environment]

    def _render(self, environment: str) -> Payload | None:
        given, source = self.facts.rendered, self._tree(self.facts.alerts.source)
        if source is None:
            return None
        ours = payload_of(source, self.facts.alerts, environment)
        if given is None or isinstance(given, Unknown):
            return ours
        files = given.get(environment, {})
        message = f"holds no bundle for {environment}; upload a folder {environment}/ with its rule files"
        missing = Annotation(path=self.facts.alerts.artifact or "the artifact", line=1, message=message)
        return Payload(
            environment=environment,
            files=files,
            rules=ours.rules,
            troubles=(*ours.troubles, *(() if files else (missing,))),
        )

    def bundle(self, environment: str) -> Payload | None:
        """What the repository holds for an environment; None where it holds no bundles."""
        folder = self.facts.alerts.bundles.get(environment)
        if folder is None:
            return None
        if environment not in self._bundles:
            self._bundles[environment] = bundle_of(self._tree(folder), environment)
        return self._bundles[environment]

    def _tree(self, path: str | None) -> Tree | None:
        found = self.facts.trees.get(path.rstrip("/")) if path else None
        return found if isinstance(found, Tree) else None

    def _troubles(self, payloads: Iterable[Payload]) -> None:
        """Files that are no rules, links, too large, refused: nothing can be compared before they are mended."""
        found = dict.fromkeys(trouble for payload in payloads for trouble in payload.troubles)
        for trouble in found:
            said = f"{code(trouble.path)}, line {trouble.line}: {defang(trouble.message, 300)}"
            if len(self.reasons) < MOST_TOLD:
                self.reasons.append(said)
            self.annotations[trouble] = None
        if found:
            first = next(iter(found))
            self.wrong += [
                f"{code(first.path)} {plain(first.message, 160)}",
                *("another problem" for _ in range(len(found) - 1)),
            ]

    def _is_stale(self, name: str, *, first: bool) -> bool:
        """Whether a bundle that must be what the source renders to is something else."""
        rendered, bundle = self.rendered(name), self.bundle(name)
        alerts = self.facts.alerts
        folder, source = alerts.bundles.get(name), alerts.source
        if rendered is None or bundle is None or folder is None or source is None:
            return False
        if not (self.facts.touches(folder) or (first and self.facts.touches(source))):
            return False
        names = ("the source", f"the bundle of {name}")
        found = _differences(rendered, bundle, self._environments(name, name, names))
        if not found:
            return False
        fix = f"run `{self._command(name)}` and commit {folder}"
        self._tell(
            found,
            f"The bundle of {name} is not what {code(source)} renders to: {_count(found)}; {fix}",
            lambda each: (
                self._in_source(each, each.staging_line, rendered)
                or _in_folder(folder, each, each.production_line)
            ),
        )
        return True

    def _pair(self, before: str, name: str) -> None:
        """An environment beside the one before it."""
        first, payload, bundle = (
            self.bundle(before) or self.rendered(before),
            self.rendered(name),
            self.bundle(name),
        )
        folder_before, folder = (self.facts.alerts.bundles.get(each) for each in (before, name))
        if first is None:
            return
        if payload is not None:
            names = (before, f"{name} as rendered now")
            found = _differences(first, payload, self._environments(before, name, names))
            self._tell(
                found,
                f"What would be promoted to {name} differs from the bundle of {before} in more than the label "
                f"{self.facts.alerts.environment_label}: {_count(found)}",
                lambda each: (
                    self._in_source(each, each.production_line, payload)
                    or _in_folder(folder_before, each, each.staging_line)
                ),
            )
        if bundle is None or folder is None:
            return
        found = _differences(first, bundle, self._environments(before, name, (before, name)))
        if found and not self.facts.touches(folder):
            self.reasons.append(
                f"{name} is behind {before}: {_count(found)}. This pull request leaves {code(folder)} alone; "
                f"`/promote {name} alerts` brings it on once {before} runs it."
            )
            return
        self._tell(
            found,
            f"The bundles of {before} and {name} differ in more than the label "
            f"{self.facts.alerts.environment_label}: {_count(found)}",
            lambda each: (
                _in_folder(folder, each, each.production_line)
                or _in_folder(folder_before, each, each.staging_line)
            ),
        )

    def _environments(self, one: str, other: str, names: tuple[str, str]) -> Environments:
        label = self.facts.alerts.environment_label
        return Environments(staging=one, production=other, label=label, names=names)

    def _tell(
        self, found: list[Finding], headline: str, place: Callable[[Finding], tuple[str, int] | None]
    ) -> None:
        if not found:
            return
        self.wrong.append(headline)
        self.reasons.append(headline)
        self.reasons += [f"{code(each.file)}: {defang(each.sentence(), 300)}" for each in found[:MOST_TOLD]]
        if len(found) > MOST_TOLD:
            self.reasons.append(f"… and {len(found) - MOST_TOLD} more differences")
        for each in found[:MOST_TRACED]:
            where = place(each)
            if where is not None:
                path, line = where
                note = Annotation(path=path, line=line, title=each.kind.value, message=each.sentence())
                self.annotations[note] = None

    def _in_source(self, finding: Finding, line: int | None, payload: Payload) -> tuple[str, int] | None:
        """Where in the source a rendered line comes from."""
        source = self._tree(self.facts.alerts.source)
        rules: RuleFile | None = payload.rules.get(finding.file)
        if source is None or rules is None:
            return None
        path = source.path if source.path in source.files else f"{source.path}/{finding.file}"
        base = source.files.get(path)
        if base is None or base.data is None:
            return None
        found = source_line(finding, line, rules, base.data)
        return (path, found) if found is not None else None

    def _command(self, name: str) -> str:
        alerts = self.facts.alerts
        parts = [
            f"lockstep alerts render --source {alerts.source} --output {alerts.bundles[name].rstrip('/')}",
            f"--environment {name}",
            f"--label {alerts.environment_label}" if alerts.environment_label != "environment" else "",
            "--recording-rules" if alerts.label_recording_rules else "",
        ]
        return " ".join(part for part in parts if part)

    def _passing(self, chain: tuple[str, ...]) -> Verdict:
        label, source = self.facts.alerts.environment_label, self.facts.alerts.source
        if len(chain) > 1:
            headline = f"{', '.join(chain)} differ in nothing but the label {label}"
            if self.reasons:
                headline = (
                    f"What {code(source or chain[0])} renders to differs in nothing but the label {label}"
                )
        else:
            headline = f"{code(source or 'The bundle')} renders for {', '.join(chain)}"
        return Verdict(gate=DRIFT, outcome=Outcome.PASS, headline=headline, reasons=tuple(self.reasons))


def _differences(one: Payload, other: Payload, environments: Environments) -> list[Finding]:
    """What differs but the environment label, file by file."""
    found: list[Finding] = []
    for name in sorted({*one.files, *other.files}):
        left, right = one.files.get(name), other.files.get(name)
        if left == right and environments.staging == environments.production:
            continue
        found += compare_files(left, right, file=name, environments=environments).findings
    return found


def _count(found: list[Finding]) -> str:
    files = len({each.file for each in found})
    one = len(found) == 1
    return f"{len(found)} difference{'' if one else 's'} in {files} file{'' if files == 1 else 's'}"


def _in_folder(folder: str | None, finding: Finding, line: int | None) -> tuple[str, int] | None:
    if folder is None or line is None:
        return None
    return f"{folder.rstrip('/')}/{finding.file}", line
