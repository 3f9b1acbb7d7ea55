"""The probes of alert rules for one commit: exactly the bytes that its source renders to, asked of promtool and amtool.

The rules are somebody's, and hostile until shown otherwise: they are read, rendered and linted in a process of its own,
and the checkers run confined too (`adapters.confined`).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.decide import probes
from bot.decide.alerts import Labelling, Source, labelling_problem
from bot.decide.drift import chain_of
from bot.decide.drift.payload import ENDINGS
from bot.decide.probes.verdict import PROBES
from bot.decide.text import plain
from bot.errors import TooHeavy, UserError
from bot.model.facts import Repository, Unknown
from bot.model.policy import Policy
from bot.model.policy_after import Alerts
from bot.model.ports import GitHub
from bot.model.tree import Tree, TreeFile
from bot.model.verdict import Annotation, Outcome, Verdict
from bot.run.alert_files import HeadFiles
from bot.run.house import House
from bot.run.probing import Inputs
from bot.run.probing_apart import Late, NoFiles, probed_apart


def probed(
    house: House,
    github: GitHub,
    repository: Repository,
    commit: str,
    policy: Policy,
    alerts: Alerts,
    trees: Mapping[str, Tree | Unknown],
) -> Verdict | None:
    """The probes' verdict for a commit; None where the rules name no source. Rendered for the last environment that
    alert rules reach: that the others differ in the label alone is the drift's to prove."""
    source = trees.get((alerts.source or "").rstrip("/"))
    environments = chain_of(alerts, tuple(each.name for each in policy.environments))
    if alerts.source is None or not environments:
        return None
    unread = next(
        (each for each in _read(alerts, trees) if isinstance(each, Unknown) and not each.absent), None
    )
    if unread is not None or not isinstance(source, Tree):
        why = unread.why if unread else f"{alerts.source} does not exist at {commit[:7]}"
        return _unknown(why)
    labelling = Labelling(
        environment=environments[-1], label=alerts.environment_label, recording=alerts.label_recording_rules
    )
    problem = labelling_problem(labelling)
    if problem is not None:
        return _unknown(problem)
    refused = _refused(alerts, trees)
    if refused:
        headline = f"`{refused[0].path}` {refused[0].message}"
        return Verdict(gate=PROBES, outcome=Outcome.BLOCK, headline=headline, annotations=refused)
    try:
        promtool, amtool = house.probers()
        return house.apart(
            probed_apart,
            Inputs(
                source=source.path,
                rules=_yaml(source, alerts, apart=True),
                tests=_yaml(trees.get((alerts.tests or "").rstrip("/")), alerts),
                configs=_configs(alerts, trees),
                files=NoFiles(),
                labelling=labelling,
                origin=Source(path=source.path, commit=commit),
                routes=probes.asked(alerts.routes),
                minimum=alerts.min_tested_percent,
                runbooks=alerts.runbooks.rstrip("/") if alerts.runbooks else None,
                home=probes.Home(
                    host=urlsplit(house.web_url).netloc.lower(), name=repository.full_name.lower()
                ),
            ),
            near={
                "files": HeadFiles(github, repository.id, commit, trees),
                "promtool": promtool,
                "amtool": Late(amtool),
            },
        )
    except TooHeavy as error:
        return too_heavy(PROBES, error)
    except UserError as error:
        return _unknown(str(error))


def too_heavy(gate: str, error: TooHeavy) -> Verdict:
    """The verdict on files that cannot be read within the limits: refused, whatever they say (cases 49, 74)."""
    headline = f"Reading the alert files {error}; split them, or make them simpler"
    return Verdict(gate=gate, outcome=Outcome.BLOCK, headline=headline)


def _unknown(why: str) -> Verdict:
    return Verdict(gate=PROBES, outcome=Outcome.UNKNOWN, headline=plain(why, 240))


def _read(alerts: Alerts, trees: Mapping[str, Tree | Unknown]) -> list[Tree | Unknown]:
    """What stands at each place that the probes need."""
    named = (alerts.source, alerts.tests, alerts.alertmanager, alerts.runbooks)
    nothing = Unknown(why="it was not read")
    return [trees.get(path.rstrip("/"), nothing) for path in named if path]


def _refused(alerts: Alerts, trees: Mapping[str, Tree | Unknown]) -> tuple[Annotation, ...]:
    """Links, submodules and oversized files among the rules, the tests and the configuration: never handed on."""
    named = (alerts.source, alerts.tests, alerts.alertmanager)
    found: list[Annotation] = []
    for path in named:
        tree = trees.get(path.rstrip("/")) if path else None
        for file in tree.files.values() if isinstance(tree, Tree) else ():
            trouble = file.trouble()
            if trouble is not None and (not file.is_regular or file.path.lower().endswith(ENDINGS)):
                found.append(Annotation(path=file.path, line=1, message=trouble, title="refused"))
    return tuple(found)


def _yaml(tree: Tree | Unknown | None, alerts: Alerts, *, apart: bool = False) -> dict[str, bytes]:
    """YAML files by path; for the source without what stands below it for another purpose."""
    if not isinstance(tree, Tree):
        return {}
    others = (alerts.tests, alerts.alertmanager, alerts.runbooks, *alerts.bundles.values()) if apart else ()
    away = [each.rstrip("/") for each in others if each]
    return {
        file.path: file.data
        for file in tree.files.values()
        if file.data is not None
        and file.is_regular
        and _is_rules(file, tree)
        and not _lies_in(file.path, away)
    }


def _is_rules(file: TreeFile, tree: Tree) -> bool:
    name = file.path.removeprefix(f"{tree.path}/")
    return name.lower().endswith(ENDINGS) and not any(part.startswith(".") for part in name.split("/"))


def _lies_in(path: str, folders: list[str]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in folders)


def _configs(alerts: Alerts, trees: Mapping[str, Tree | Unknown]) -> dict[str, bytes]:
    """Alertmanager's configuration. One that is named and not there is left to amtool to refuse, as an empty file."""
    path = (alerts.alertmanager or "").rstrip("/")
    if not path:
        return {}
    tree = trees.get(path)
    file = tree.files.get(path) if isinstance(tree, Tree) else None
    return {path: file.data if file is not None and file.data is not None else b""}
