"""One run of the probes: render, ask promtool and amtool, lint, count; for the command line and for check runs alike.

Everything arrives as bytes and ports, so it does not matter whether the files are a folder's or a pull request's.
Only what is in `Inputs.rules` ships; whatever else a test loads is read from the repository, and told.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.decide import probes
from bot.decide.alerts import (
    PROMETHEUS,
    AlertsRefused,
    Bundle,
    BundledFile,
    Dialect,
    Labelling,
    NotRules,
    Problem,
    Source,
    bundled,
    make_bundle,
)
from bot.decide.probes import Case, Finding, Kind, Probed, Route, Shipped, TestFile
from bot.model.probes import Amtool, Files, Promtool, Said

BATCH = 200
"""Rule files in one run of promtool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What is probed. Paths start at the repository's root.

    `rules` are all YAML files of the source (tests and other files among them are told apart), `tests` those of the
    tests' folder, `configs` Alertmanager configurations. `source` is the source's
    folder: names in the bundle start there.
    """

    source: str
    rules: Mapping[str, bytes]
    tests: Mapping[str, bytes]
    configs: Mapping[str, bytes]
    files: Files
    labelling: Labelling
    origin: Source
    dialect: Dialect = PROMETHEUS
    routes: Sequence[Route] = ()
    minimum: float | None = None
    """Percent of the rules that tests must reach."""
    runbooks: str | None = None
    home: probes.Home = field(default_factory=probes.Home)


def _quiet(_: str) -> None:
    """Nobody waits."""


def probe(
    inputs: Inputs,
    promtool: Promtool,
    amtool: Callable[[], Amtool],
    *,
    told: Callable[[str], None] = _quiet,
) -> Probed:
    """Ask everything, and tell what came of it. `amtool` is called only when there is a configuration.

    Never raises for what is in the files; what a tool does not answer is a finding of kind `no-answer`.
    """
    return _Run(inputs, promtool, amtool, told).all()


class _Run:
    def __init__(
        self, inputs: Inputs, promtool: Promtool, amtool: Callable[[], Amtool], told: Callable[[str], None]
    ) -> None:
        self.inputs, self.promtool, self.find_amtool, self.told = inputs, promtool, amtool, told
        self.shipped: dict[str, Shipped] = {}
        self.bundled: list[BundledFile] = []
        self.refused: dict[str, list[Finding]] = {}
        self.tests: dict[str, bytes] = {}
        self.configs: dict[str, bytes] = dict(inputs.configs)
        self.skipped: dict[str, str] = {}
        self.cases: list[Case] = []
        self.notes: list[str] = []
        self.tools = {"promtool": promtool.version}
        self.runs: list[tuple[TestFile, Sequence[Shipped]]] = []
        self.routings: list[probes.Routing] = []

    def all(self) -> Probed:
        self._render()
        self._sort_tests()
        self._check_rules()
        self._test_rules()
        self._alertmanager()
        self._lint()
        ships = list(self.shipped.values())
        covered = probes.coverage(ships, self.runs, label=self.inputs.labelling.label)
        short = probes.shortfall(covered, self.inputs.minimum, self.inputs.source or ".")
        if self.inputs.minimum is not None:
            name = f"at least {self.inputs.minimum:g} % of the rules"
            self.cases.append(Case(probe="coverage", name=name, file=self.inputs.source, findings=short))
        return Probed(
            environment=self.inputs.labelling.environment,
            bundle=self._bundle(),
            coverage=covered,
            cases=self.cases,
            tests=[_hashed(path, data) for path, data in sorted(self.tests.items())],
            routings=self.routings,
            tools=self.tools,
            skipped=self.skipped,
            notes=self.notes,
        )

    def _bundle(self) -> Bundle | None:
        if self.refused or not self.bundled:
            return None
        # The names that a render of the same folder gives, so that the digests are the same.
        return make_bundle(self.inputs.labelling, self.inputs.origin, self.bundled, {})

    def _render(self) -> None:
        for path, data in sorted(self.inputs.rules.items()):
            try:
                found = probes.shipped(
                    data, path=path, labelling=self.inputs.labelling, dialect=self.inputs.dialect
                )
            except AlertsRefused as error:
                self.refused[path] = [_problem(each) for each in error.problems]
                self._case("rules", path, path, self.refused[path])
                continue
            if isinstance(found, Shipped):
                self.shipped[path] = found
                name = posixpath.relpath(path, self.inputs.source or ".")
                self.bundled.append(bundled(name, data, found.rendered))
            else:
                self._not_rules(path, data, found)
        if not self.shipped and not self.refused:
            message = "there are no rule files here; name the folder with the base rules"
            finding = Finding(kind=Kind.RULES, file=self.inputs.source or ".", line=None, message=message)
            self._case("rules", "rule files", self.inputs.source or ".", [finding])

    def _not_rules(self, path: str, data: bytes, found: NotRules) -> None:
        if found.what == probes.TESTS:
            self.tests[path] = data
        elif found.what == probes.ALERTMANAGER:
            self.configs[path] = data
        else:
            self.skipped[path] = found.what

    def _sort_tests(self) -> None:
        for path, data in sorted(self.inputs.tests.items()):
            if path in self.shipped or path in self.refused or path in self.tests:
                continue
            try:
                kinds = {each.value for each in probes.kinds_in(data, file=path)}
            except AlertsRefused as error:
                problems = [_problem(each, Kind.TEST_FILE) for each in error.problems]
                self._case("unit tests", path, path, problems)
                continue
            if probes.TESTS in kinds:
                self.tests[path] = data
            else:
                self.skipped[path] = f"{' and '.join(sorted(kinds))}, no unit tests"

    def _check_rules(self) -> None:
        names = list(self.shipped)
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            self.told(f"checking rule files {start + 1} to {start + len(batch)} of {len(names)}")
            said = self._checked(batch)
            if said.trouble and len(batch) > 1:
                for name in batch:  # One file must not hide the others.
                    self._told_rules([name], self._checked([name]))
            else:
                self._told_rules(batch, said)

    def _checked(self, names: Sequence[str]) -> Said:
        return self.promtool.check_rules({name: self.shipped[name].probed for name in names}, names)

    def _told_rules(self, names: Sequence[str], said: Said) -> None:
        found = probes.rules_findings(said, names, self.shipped)
        for name in names:
            mine = [each for each in found if each.file == name]
            self._case("rules", name, name, mine, said.seconds / len(names))
        loose = [each for each in found if each.file not in names]
        if loose:
            self._case("rules", "promtool check rules", "", loose)

    def _test_rules(self) -> None:
        staged: dict[str, bytes] = {}
        ready: dict[str, probes.Staged] = {}
        for path, data in sorted(self.tests.items()):
            stage = probes.stage(
                data,
                path=path,
                shipped=self.shipped,
                refused=self.refused,
                files=self.inputs.files,
                labelling=self.inputs.labelling,
                dialect=self.inputs.dialect,
            )
            if isinstance(stage, list):
                self._case("unit tests", path, path, stage)
                continue
            ready[path] = stage
            staged |= {**stage.loaded, path: stage.copy.data}
            self.runs.append((stage.tests, stage.rules))
            self.notes += stage.notes
        if not self.tests:
            self.notes.append("there are no unit tests; name their folder with --tests")
        if not ready:
            return
        self.told(f"running {len(ready)} files of unit tests")
        for path, said in self.promtool.test_rules(staged, list(ready)).items():
            self._tested(ready[path], said)

    def _tested(self, stage: probes.Staged, said: Said) -> None:
        failures = probes.failures_of(said, stage.tests, stage.rules)
        if any(each.test is None and each.finding.kind is Kind.TEST_FILE for each in failures):
            failures = self._as_written(stage, failures)
        path = stage.tests.file
        whole = [each.finding for each in failures if each.test is None]
        odd = [*stage.copy.findings, *stage.findings]
        if whole or odd or not stage.tests.tests:
            self._case("unit tests", path, path, [*whole, *odd])
        for test in stage.tests.tests:
            mine = [each.finding for each in failures if each.test == test.index]
            seconds = said.seconds / len(stage.tests.tests)
            case = Case(
                probe="unit tests", name=test.title, file=path, line=test.line, findings=mine, seconds=seconds
            )
            # A file that could not be run has tested nothing.
            if not whole or mine:
                self.cases.append(case)

    def _as_written(self, stage: probes.Staged, failures: list[probes.Failure]) -> list[probes.Failure]:
        """The lines of a refusal, from the bytes that people wrote: their form is refused before rules are loaded."""
        path = stage.tests.file
        said = self.promtool.test_rules({path: self.tests[path]}, [path])[path]
        again = probes.failures_of(said, stage.tests, ())
        lined = [
            each for each in again if each.finding.kind is Kind.TEST_FILE and each.finding.line is not None
        ]
        return lined or failures

    def _alertmanager(self) -> None:
        if not self.configs:
            if self.inputs.routes:
                message = (
                    "there are routing probes and no Alertmanager configuration; name it with --alertmanager"
                )
                finding = Finding(kind=Kind.ROUTE, file=self.inputs.source or ".", line=None, message=message)
                self._case("routes", "configuration", self.inputs.source or ".", [finding])
            return
        amtool = self.find_amtool()
        self.tools["amtool"] = amtool.version
        for path, data in sorted(self.configs.items()):
            self.told(f"checking {path}")
            self._config(amtool, path, data)

    def _config(self, amtool: Amtool, path: str, data: bytes) -> None:
        try:
            config = probes.read_config(data, file=path)
        except AlertsRefused as error:
            problems = [_problem(each, Kind.CONFIG) for each in error.problems]
            self._case("alertmanager", path, path, problems)
            return
        copy = probes.copy_for_amtool(config, self.inputs.files)
        said = amtool.check_config(copy.files, copy.name)
        found = probes.config_findings(said, config, copy)
        self._case("alertmanager", path, path, found, said.seconds)
        self.notes += [f"{path}: the template pattern {each} matches no file here" for each in copy.unfound]
        self.routings.append(probes.routing(config, data, copy))
        if said.code == 0 and not said.trouble:
            self._routes(amtool, config, copy)

    def _routes(self, amtool: Amtool, config: probes.Config, copy: probes.Copy) -> None:
        critical, more = probes.critical(
            list(self.shipped.values()),
            config,
            self.inputs.routes,
            environment=self.inputs.labelling.environment,
            label=self.inputs.labelling.label,
        )
        if more:
            self.notes.append(f"{more} more critical alerts were not sent through {config.file}'s routes")
        routes = [*self.inputs.routes, *critical]
        if not routes:
            return
        self.told(f"sending {len(routes)} sets of labels through the routes of {config.file}")
        for route, said in zip(
            routes, amtool.routes(copy.files, copy.name, [each.labels for each in routes]), strict=True
        ):
            name = f"{route.shown()} → {route.receiver or 'not the default receiver'}"
            self._case("routes", name, config.file, probes.judged(route, said, config), said.seconds)

    def _lint(self) -> None:
        runbooks = probes.Runbooks(self.inputs.files, self.inputs.home)
        found = probes.lint(list(self.shipped.values()), runbooks, self.inputs.runbooks)
        where = dict.fromkeys([*self.shipped, *(each.file for each in found)])
        for path in where:
            self._case("lint", path, path, [each for each in found if each.file == path])

    def _case(
        self, probe: str, name: str, file: str, findings: Sequence[Finding], seconds: float = 0.0
    ) -> None:
        self.cases.append(Case(probe=probe, name=name, file=file, findings=findings, seconds=seconds))


def _problem(problem: Problem, kind: Kind = Kind.RULES) -> Finding:
    return Finding(kind=kind, file=problem.file, line=problem.line, message=problem.message)


def _hashed(path: str, data: bytes) -> probes.Hashed:
    return probes.Hashed(file=path, sha256=hashlib.sha256(data).hexdigest())
