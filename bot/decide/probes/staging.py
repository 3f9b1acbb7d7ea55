"""What promtool gets for one file of unit tests: the adapted copy, and the rule files that it loads, as they ship."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.decide import text
from bot.decide.alerts.labelling import Labelling
from bot.decide.alerts.reading import read_rules
from bot.decide.alerts.values import AlertsRefused, Dialect, NotRules, Rule
from bot.decide.probes.adapting import Adapted, adapted, strangers
from bot.decide.probes.patterns import OutsideError, resolved
from bot.decide.probes.shipped import Shipped
from bot.decide.probes.testfiles import TestFile, read_tests
from bot.decide.probes.values import Finding, Kind
from bot.model.probes import Files


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A test file, ready to be run. `loaded` are the bytes of its rule files by path, `rules` those that ship."""

    tests: TestFile
    copy: Adapted
    loaded: Mapping[str, bytes]
    rules: Sequence[Shipped]
    findings: Sequence[Finding]
    notes: Sequence[str]


def stage(
    data: bytes,
    *,
    path: str,
    shipped: Mapping[str, Shipped],
    refused: Collection[str],
    files: Files,
    labelling: Labelling,
    dialect: Dialect,
) -> Staged | list[Finding]:
    """Make a test file ready; or the findings for which it is not run at all.

    A pattern that leads out of the repository refuses the file (attack case 50). Rule files outside the source do not
    ship: they are loaded as they stand, and a note says so.
    """
    try:
        tests = read_tests(data, file=path)
    except AlertsRefused as error:
        return [
            Finding(kind=Kind.TEST_FILE, file=path, line=each.line, message=each.message)
            for each in error.problems
        ]
    work = _Loading(tests, shipped, refused, files, dialect)
    work.load()
    if work.fatal:
        return work.fatal
    copy = adapted(tests, work.rules, list(work.loaded), labelling)
    odd = [*work.findings, *strangers(tests, work.names())]
    return Staged(
        tests=tests, copy=copy, loaded=work.loaded, rules=work.rules, findings=odd, notes=work.notes
    )


class _Loading:
    def __init__(
        self,
        tests: TestFile,
        shipped: Mapping[str, Shipped],
        refused: Collection[str],
        files: Files,
        dialect: Dialect,
    ) -> None:
        self.tests, self.shipped, self.refused, self.files, self.dialect = (
            tests,
            shipped,
            refused,
            files,
            dialect,
        )
        self.loaded: dict[str, bytes] = {}
        self.rules: list[Shipped] = []
        self.others: list[Rule] = []
        self.fatal: list[Finding] = []
        self.findings: list[Finding] = []
        self.notes: list[str] = []

    def load(self) -> None:
        for pattern, line in self.tests.rule_files:
            try:
                paths = resolved(pattern, folder=posixpath.dirname(self.tests.file), files=self.files)
            except OutsideError as error:
                self.fatal.append(self._finding(line, f"rule_files: {error}"))
                continue
            if not paths:
                shown = text.truncate(text.visible(pattern), 120, "…")
                self.findings.append(
                    self._finding(line, f"rule_files: {shown!r} matches no file; correct the path")
                )
            for path in paths:
                self._take(path, line)
        if self.tests.documents > 1:
            message = "promtool reads the first YAML document only; put the others into files of their own"
            self.findings.append(self._finding(1, message))
        if not self.tests.tests:
            self.findings.append(self._finding(1, "there are no tests in it; write some, or remove the file"))

    def _take(self, path: str, line: int) -> None:
        if path in self.loaded:
            return
        if path in self.shipped:
            self.loaded[path] = self.shipped[path].probed
            self.rules.append(self.shipped[path])
        elif path in self.refused:
            message = f"{path} cannot be rendered, so these tests have nothing to run against; correct that file first"
            self.fatal.append(self._finding(line, message))
        else:
            self._outside(path, line)

    def _outside(self, path: str, line: int) -> None:
        data = self.files.read(path)
        if data is None:
            message = (
                f"rule_files: {path} is no plain file of the repository, or too large; put the file there"
            )
            self.fatal.append(self._finding(line, message))
            return
        try:
            found = read_rules(data, file=path, dialect=self.dialect)
        except AlertsRefused as error:
            message = f"rule_files: {path} is refused: {error.problems[0].message}"
            self.fatal.append(self._finding(line, message))
            return
        if isinstance(found, NotRules):
            self.fatal.append(self._finding(line, f"rule_files: {path} holds {found.what}, no rules"))
            return
        self.loaded[path] = data
        self.others += [rule for _, rule in found.rules()]
        self.notes.append(f"{self.tests.file} loads {path}, which is outside the source and does not ship")

    def names(self) -> set[str]:
        """The names of all alerts that are loaded."""
        ours = (rule for each in self.rules for _, rule in each.base.rules())
        return {rule.name for rule in (*ours, *self.others) if rule.alerting}

    def _finding(self, line: int, message: str) -> Finding:
        return Finding(kind=Kind.TEST_FILE, file=self.tests.file, line=line, message=message)
