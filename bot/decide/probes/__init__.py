"""Probes of alert rules (rows A2, G2, G3, G8): what promtool and amtool get, what their words mean, lint, coverage.

`run.probing` asks; everything here is pure. A unit test of the base is run against what ships (`stage`), promtool's
words become findings with file and line (`failures_of`), and `write_results` binds them to the bytes probed.
"""

from bot.decide.alerts.kinds import What
from bot.decide.probes.adapting import Adapted, adapted
from bot.decide.probes.alertmanager import Config, Copy, copy_for_amtool, read_config
from bot.decide.probes.config_findings import config_findings, routing
from bot.decide.probes.coverage import coverage, shortfall
from bot.decide.probes.coverage_values import Coverage, GroupCoverage, Share
from bot.decide.probes.headings import read_page, slug_of
from bot.decide.probes.lint import lint
from bot.decide.probes.results import RESULTS_FILE, Results, plain, read_results, write_results
from bot.decide.probes.routes import BadLabelsError, Route, asked, critical, judged, labels_in
from bot.decide.probes.runbooks import SECTIONS, Home, Runbooks
from bot.decide.probes.said import Failure, failures_of, rules_findings
from bot.decide.probes.shipped import Shipped, shipped
from bot.decide.probes.staging import Staged, stage
from bot.decide.probes.testfiles import TestFile, kinds_in, read_tests
from bot.decide.probes.values import (
    MEANINGS,
    Case,
    Finding,
    Hashed,
    Kind,
    Level,
    Probed,
    Routing,
)

TESTS = What.TESTS.value
ALERTMANAGER = What.ALERTMANAGER.value

__all__ = [
    "ALERTMANAGER",
    "MEANINGS",
    "RESULTS_FILE",
    "SECTIONS",
    "TESTS",
    "Adapted",
    "BadLabelsError",
    "Case",
    "Config",
    "Copy",
    "Coverage",
    "Failure",
    "Finding",
    "GroupCoverage",
    "Hashed",
    "Home",
    "Kind",
    "Level",
    "Probed",
    "Results",
    "Route",
    "Routing",
    "Runbooks",
    "Share",
    "Shipped",
    "Staged",
    "TestFile",
    "adapted",
    "asked",
    "config_findings",
    "copy_for_amtool",
    "coverage",
    "critical",
    "failures_of",
    "judged",
    "kinds_in",
    "labels_in",
    "lint",
    "plain",
    "read_config",
    "read_page",
    "read_results",
    "read_tests",
    "routing",
    "rules_findings",
    "shipped",
    "shortfall",
    "slug_of",
    "stage",
    "write_results",
]
