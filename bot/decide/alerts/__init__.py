"""Alert bundles: read rule files, render them for an environment, compare two bundles (rows A1, A3, A4).

`read_rules` and `check_rules` read; `render_rules` labels one file by editing its bytes; `compare_files` finds what
differs besides the environment label. All are pure; what cannot be done with certainty raises `AlertsRefused`.
"""

from bot.decide.alerts.checking import check_rules
from bot.decide.alerts.compare import compare_environments, compare_files, environment_of
from bot.decide.alerts.findings import MEANINGS, Compared, Drift, Environments, Finding, shown
from bot.decide.alerts.labelling import Labelling
from bot.decide.alerts.manifest import (
    BUNDLE_FILE,
    Bundle,
    BundledFile,
    Source,
    bundled,
    make_bundle,
    plain,
    read_bundle,
    write_bundle,
)
from bot.decide.alerts.reading import read_rules
from bot.decide.alerts.rendering import Rendered, labelling_problem, render_rules
from bot.decide.alerts.templates import template_problem
from bot.decide.alerts.values import (
    PROMETHEUS,
    AlertsRefused,
    Dialect,
    Document,
    Group,
    NotRules,
    Problem,
    Rule,
    RuleFile,
)

__all__ = [
    "BUNDLE_FILE",
    "MEANINGS",
    "PROMETHEUS",
    "AlertsRefused",
    "Bundle",
    "BundledFile",
    "Compared",
    "Dialect",
    "Document",
    "Drift",
    "Environments",
    "Finding",
    "Group",
    "Labelling",
    "NotRules",
    "Problem",
    "Rendered",
    "Rule",
    "RuleFile",
    "Source",
    "bundled",
    "check_rules",
    "compare_environments",
    "compare_files",
    "environment_of",
    "labelling_problem",
    "make_bundle",
    "plain",
    "read_bundle",
    "read_rules",
    "render_rules",
    "shown",
    "template_problem",
    "write_bundle",
]
