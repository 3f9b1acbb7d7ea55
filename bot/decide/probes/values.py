"""What probes find, as values: findings with file and line, cases for reports, and the result of a whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from bot.decide.alerts.manifest import Bundle
from bot.decide.probes.coverage_values import Coverage


class Level(Enum):
    """What a finding does: an error fails the probe, a warning is told (`--strict`: fails too)."""

    ERROR = "error"
    WARNING = "warning"


class Kind(Enum):
    """The kinds of findings; the value is how programs call one."""

    RULES = "rules"
    TEST = "unit-test"
    TEST_FILE = "test-file"
    ENVIRONMENT = "test-environment"
    COVERAGE = "coverage"
    CONFIG = "alertmanager"
    ROUTE = "route"
    CRITICAL = "critical-route"
    DUPLICATE = "duplicate-alert"
    FOR = "for-missing"
    RUNBOOK_MISSING = "runbook-missing"
    RUNBOOK_DEAD = "runbook-dead"
    RUNBOOK_SECTIONS = "runbook-sections"
    TOOL = "no-answer"


MEANINGS = {
    Kind.RULES: "A rule file that Prometheus would not load.",
    Kind.TEST: "A unit test that fails against the rendered bundle.",
    Kind.TEST_FILE: "A test file that cannot be run as it is, or tests nothing.",
    Kind.ENVIRONMENT: "A test expects another environment than the bundle's label says.",
    Kind.COVERAGE: "Fewer rules are tested than demanded.",
    Kind.CONFIG: "An Alertmanager configuration that Alertmanager would not load.",
    Kind.ROUTE: "Labels do not reach the receiver that they must reach.",
    Kind.CRITICAL: "A critical production alert ends at the default receiver.",
    Kind.DUPLICATE: "Two alerts of the same name with the same labels.",
    Kind.FOR: "A critical alert without `for` fires at the first bad sample.",
    Kind.RUNBOOK_MISSING: "An alert without a `runbook_url`.",
    Kind.RUNBOOK_DEAD: "A `runbook_url` that points at nothing in the repository.",
    Kind.RUNBOOK_SECTIONS: "A runbook without all of its sections.",
    Kind.TOOL: "promtool or amtool gave no answer: crashed, or stopped at a limit.",
}

WARNINGS = frozenset({Kind.ENVIRONMENT, Kind.FOR, Kind.RUNBOOK_MISSING, Kind.RUNBOOK_SECTIONS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a probe found. `file` is a path from the repository's root, `line` counts from 1.

    `detail` holds the tool's own words when there are more than one line of them.
    """

    kind: Kind
    file: str
    line: int | None
    message: str
    detail: str = ""
    soft: bool = False
    """A warning although its kind is an error's."""

    @property
    def level(self) -> Level:
        """What it does."""
        return Level.WARNING if self.soft or self.kind in WARNINGS else Level.ERROR

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.kind.value}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question that was asked, for the reports: of which probe, what, where, and what came of it."""

    probe: str
    """`rules`, `unit tests`, `alertmanager`, `routes`, `lint`, `coverage`."""
    name: str
    file: str
    line: int | None = None
    findings: Sequence[Finding] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """A file that was probed, with the hash of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """What an Alertmanager configuration holds (row G3). `templates` are patterns, `template_files` what they match."""

    file: str
    sha256: str
    receivers: int
    inhibit_rules: int
    routes: int
    templates: int
    template_files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """One whole run. `bundle` holds the hashes of exactly the bytes probed; None: some rule file was refused."""

    environment: str
    bundle: Bundle | None
    coverage: Coverage
    cases: Sequence[Case]
    tests: Sequence[Hashed] = ()
    routings: Sequence[Routing] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Files that were left out, and what they are."""
    notes: Sequence[str] = ()

    def findings(self) -> list[Finding]:
        """Every finding, by place."""
        found = dict.fromkeys(each for case in self.cases for each in case.findings)
        return sorted(found, key=lambda each: (each.file, each.line or 0, each.kind.value, each.message))

    def outcome(self, *, strict: bool = False) -> str:
        """`pass`, `fail`, or `unknown` when nothing failed but a tool gave no answer."""
        found = self.findings()
        known = [each for each in found if each.kind is not Kind.TOOL]
        if any(strict or each.level is Level.ERROR for each in known):
            return "fail"
        return "unknown" if len(known) != len(found) else "pass"
