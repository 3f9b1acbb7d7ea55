"""Pull requests that touch alert rules, their tests, bundles, runbooks or Alertmanager's configuration (rows A2 to A5).

The rules of the base branch say what that is (attack case 43); the files are the head's. Others cost no request. An
answer about the same files is not worked out again: their Git ids stand for their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from bot.decide import release as judge
from bot.decide.drift import DRIFT, DriftFacts, drift, paths_of, touched
from bot.decide.drift.by_ci import run_for
from bot.decide.names import detail_check, summary_check
from bot.decide.probes.verdict import PROBES
from bot.decide.pull import PullFacts
from bot.decide.text import plain
from bot.errors import TooHeavy, UserError
from bot.model.action import CheckRun, SetCheck
from bot.model.facts import Artifact, OwnCheck, PullState, Unknown
from bot.model.policy import Policy
from bot.model.policy_after import Alerts
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.subject import Subject, pull
from bot.model.tree import Tree
from bot.model.verdict import Outcome, Verdict
from bot.run.acts import Cause, carry_out
from bot.run.alert_probes import probed, too_heavy
from bot.run.house import House

ARTIFACT_LIMIT = 64 * 1024 * 1024
"""Bytes of a zipped artifact with bundles."""
AGAIN = timedelta(minutes=5)
"""When to look again at what CI has not rendered yet, should no event say so."""
MOST_KEPT = 500
"""Answers that are kept in memory."""
UNKNOWN_FOR = timedelta(minutes=10)
"""How long "nobody could tell" is believed: a tool may be installed, a machine less busy."""
MOST_ARTIFACTS = 4
"""Artifacts whose bundles are kept in memory."""


def read(house: House, subject: Subject, github: GitHub, facts: PullFacts) -> PullFacts:
    """The facts with the answers about alerts, where the pull request has to do with them."""
    change, policy = facts.snapshot.pull, facts.policy
    if policy is None:
        return replace(facts, alerts=_unreadable(facts))
    alerts = policy.alerts
    if alerts is None or not touched(alerts, change.changed_files, complete=change.files_complete):
        return facts
    _remember(house, subject)
    facts = _announced(house, subject, facts)
    found = _asked(house, github, facts, policy, alerts)
    if any(each.outcome is Outcome.WAIT for each in found):
        wake(house.store, subject, house.clock() + AGAIN)
    return replace(facts, alerts=found)


def _announced(house: House, subject: Subject, facts: PullFacts) -> PullFacts:
    """Shows the check run to require as queued, where none of ours stands on the head yet: probes may take minutes, in
    which nobody is to wonder whether Lockstep has seen the commit. The answer renews the same run."""
    snapshot, change = facts.snapshot, facts.snapshot.pull
    if snapshot.own_checks or change.state is not PullState.OPEN:
        return facts
    check = CheckRun(
        name=summary_check(change.base_ref),
        head_sha=change.head_sha,
        status="queued",
        conclusion=None,
        title="Alert rules are being probed",
        summary="Rendering, comparing and testing them takes up to some minutes.",
    )
    because = "what alert rules are worth takes minutes to tell"
    (shown,) = carry_out(
        house, Cause(subject=subject), snapshot.repository, [SetCheck(because=because, check=check)]
    )
    posted = OwnCheck(
        id=str(shown.result["check_run"]),
        name=check.name,
        status=check.status,
        conclusion=None,
        title=check.title,
        summary=check.summary,
    )
    return replace(facts, snapshot=replace(snapshot, own_checks=(posted,)))


def _key(repository_id: int, number: int | str) -> str:
    return f"alert pull:{repository_id}:{number}"


def _remember(house: House, subject: Subject) -> None:
    """That it is open and was answered for: when the rules change, the answer may too."""
    key = _key(subject.repository, subject.number)
    if not house.store.marks.get(key):
        house.store.marks.put(key, True)


def ended(house: House, subject: Subject) -> None:
    """It is merged or closed; nothing about it will change any more."""
    key = _key(subject.repository, subject.number)
    if house.store.marks.get(key):
        house.store.marks.put(key, False)


def wake_open(house: House, subject: Subject) -> None:
    """Has the open pull requests looked at again: the default branch or its rules changed (attack case 74)."""
    for key, is_open in house.store.marks.under(_key(subject.repository, "")).items():
        if is_open:
            wake(house.store, pull(subject.installation_id, subject.repository, int(key.rpartition(":")[2])))


def _unreadable(facts: PullFacts) -> tuple[Verdict, ...]:
    """Rules that cannot be read take back what was answered by them on this commit (attack case 74)."""
    base = facts.snapshot.pull.base_ref
    posted = {each.name for each in facts.snapshot.own_checks}
    headline = "The rules file of the default branch is invalid, so nothing says where the alerts are"
    return tuple(
        Verdict(gate=gate, outcome=Outcome.UNKNOWN, headline=headline)
        for gate in (DRIFT, PROBES)
        if detail_check(base, gate) in posted
    )


def _asked(
    house: House, github: GitHub, facts: PullFacts, policy: Policy, alerts: Alerts
) -> tuple[Verdict, ...]:
    snapshot = facts.snapshot
    trees = github.trees(snapshot.repository.id, snapshot.pull.head_sha, paths_of(alerts))
    rendered, artifact = _by_ci(house, github, facts, alerts)
    question = DriftFacts(
        alerts=alerts,
        environments=tuple(each.name for each in policy.environments),
        changed=snapshot.pull.changed_files if snapshot.pull.files_complete else None,
        trees=trees,
        rendered=rendered,
    )
    key = (DRIFT, repr(alerts), question.environments, question.changed, _ids(trees), artifact)
    found = (
        once(house, key, lambda: drifted(house, question)),
        once(
            house,
            (PROBES, snapshot.repository.id, snapshot.pull.head_sha, repr(alerts), question.environments),
            lambda: probed(house, github, snapshot.repository, snapshot.pull.head_sha, policy, alerts, trees),
        ),
    )
    return tuple(each for each in found if each is not None)


def drifted(house: House, question: DriftFacts) -> Verdict | None:
    """The drift's verdict, worked out apart: how long rendering and comparing take is chosen by who wrote the files."""
    try:
        return house.apart(drift, question)
    except TooHeavy as error:
        return too_heavy(DRIFT, error)
    except UserError as error:
        return Verdict(gate=DRIFT, outcome=Outcome.UNKNOWN, headline=f"Rendering and comparing {error}")


def _ids(trees: Mapping[str, Tree | Unknown]) -> tuple[tuple[str, str], ...]:
    """What stands at each path, by Git's ids."""
    return tuple(
        (path, found.oid if isinstance(found, Tree) else found.why) for path, found in sorted(trees.items())
    )


def once(house: House, key: tuple[object, ...], answer: Callable[[], Verdict | None]) -> Verdict | None:
    """The answer about these very files, worked out once in this process; one that nobody could give, again soon."""
    kept, now = house.alerts, house.clock()
    found, at = kept.get(key, (None, None))
    fading = found is not None and found.outcome is Outcome.UNKNOWN
    if at is None or (fading and now - at >= UNKNOWN_FOR):
        found = answer()
        kept.pop(key, None)
        while len(kept) >= MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[key] = found, now
    return found


def _by_ci(
    house: House, github: GitHub, facts: PullFacts, alerts: Alerts
) -> tuple[Mapping[str, Mapping[str, bytes]] | Unknown | None, object]:
    """The bundles that CI rendered for this head, with what tells them from others; None where CI is not asked to."""
    if alerts.artifact is None or alerts.workflow is None:
        return None, None
    snapshot = facts.snapshot
    repository = snapshot.repository.full_name
    run = run_for(snapshot, alerts, github.runs_at(repository, snapshot.pull.head_sha))
    if isinstance(run, Unknown):
        return run, (run.why, run.passing)
    chosen = judge.choose_artifact(
        github.artifacts(repository, run.id, alerts.artifact), alerts.artifact, run
    )
    if isinstance(chosen, judge.Refused):
        why = plain(chosen.message.partition("; upload component-tags")[0], 300)
        return Unknown(why=f"Run {run.number} of {alerts.workflow}: {why}"), chosen.message
    key = (snapshot.repository.id, chosen.id)
    if key not in house.bundles:
        house.bundles[key] = _unpacked(house, github, repository, chosen)
        while len(house.bundles) > MOST_ARTIFACTS:
            house.bundles.pop(next(iter(house.bundles)))
    return house.bundles[key], key


def _unpacked(
    house: House, github: GitHub, repository: str, artifact: Artifact
) -> Mapping[str, Mapping[str, bytes]] | Unknown:
    """The bundles in an artifact; one that is refused will be refused again."""
    try:
        return house.read_bundles(github.download(repository, artifact, ARTIFACT_LIMIT))
    except UserError as error:
        return Unknown(why=f"The artifact {artifact.name}: {error}")
