"""A look at an app repository: which finished runs hand over a release (row R1)?

The event is a hint; the run, its artifacts and the rules are read afresh. A release that is accepted wakes the
environments that releases enter; one that is refused is told on the commit it was built from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.decide import identity
from bot.decide import release as judge
from bot.decide.component_tags import parse_component_tags
from bot.decide.names import RELEASE_CHECK
from bot.errors import ArtifactRefused, Moved, NotFound, UserError
from bot.model.action import CheckRun, CommentOnCommit
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository, WorkflowRun
from bot.model.policy import Policy, Source
from bot.model.ports import GitHub
from bot.model.ports_store import wake
from bot.model.release import Release
from bot.model.subject import Subject, environment
from bot.run import rules
from bot.run.acts import Cause, carry_out
from bot.run.artifact import ARTIFACT_LIMIT, changed_since, note_change
from bot.run.house import House, Looked, is_news, note
from bot.run.identity import note_impostor, note_rename
from bot.run.installation import discover

NOT_SETTLED = frozenset({"not_completed"})
"""Refusals that the same attempt may outgrow; they are not remembered."""
TOLD_IN_LEDGER_ONLY = NOT_SETTLED | {
    "event_not_allowed",
    "branch_not_allowed",
    "foreign_head",
    "not_successful",
    "stale_run",
}
"""Everyday refusals (a pull request's run, a red build): a check run on each such commit would be noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A config repository that lists the app repository among its sources."""

    repository: Repository
    policy: Policy
    sources: tuple[Source, ...]
    """Those of its sources that are the app repository."""


def look_source(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Judges the runs that the deliveries hint at, or the recent ones when there is no hint (the sweep)."""
    github = house.github(subject.installation_id)
    app = house.store.repositories.find(subject.repository)
    if app is None:
        return Looked(outcome="skipped: the repository is not known to this installation")
    configs, impostor = _configs(house, github, subject, app)
    if not configs:
        refused = (
            "refused: impostor" if impostor else "skipped: no rules file lists this repository as a source"
        )
        return Looked(outcome=refused)
    github = house.github(subject.installation_id)  # its token reaches what the rules list now
    hinted = dict(_hints(deliveries))
    runs = (
        _hinted_runs(house, github, app, subject, hinted)
        if hinted
        else _recent_runs(house, github, app, subject, configs)
    )
    if any(run.repository_id != app.id for run in runs):
        raise Moved(f"{app.full_name} is another repository now, not {app.id}")
    outcomes = [_judge(house, subject, github, app, configs, run, hinted.get(run.id)) for run in runs]
    return Looked(outcome="; ".join(outcomes) or "nothing new")


def _hints(deliveries: Sequence[StoredDelivery]) -> Iterable[tuple[int, str]]:
    """Run id and delivery id of each hint; what cannot be read hints at nothing."""
    for delivery in deliveries:
        payload = json.loads(delivery.payload)
        run_id = (payload.get("workflow_run") or {}).get("id")
        if isinstance(run_id, int):
            yield run_id, delivery.id


def _configs(
    house: House, github: GitHub, subject: Subject, app: Repository
) -> tuple[tuple[Config, ...], bool]:
    """Whose source this repository is, and whether it only has the name of one (attack case 25)."""
    known = house.store.repositories.config_of(subject.installation_id)
    if not known:
        return (), False
    pins = house.store.pins.of([each.id for each in known])
    found: list[Config] = []
    impostor = False
    for file in github.rules_files([each.id for each in known]):
        result = rules.of(house, file)
        first = str(result.errors[0]) if result.errors else ""
        if is_news(house, subject, f"rules of {file.repository.id}", first):
            name = file.repository.full_name
            note(house, subject, "rules_invalid", "refused", first, details={"config_repository": name})
        if result.policy is None:
            continue
        ours = pins.get(file.repository.id, {})
        sources = tuple(each for each in result.policy.sources if identity.is_source(each, app, ours))
        if sources:
            found.append(Config(repository=file.repository, policy=result.policy, sources=sources))
            note_rename(house, subject, app, file.repository, sources)
        for each in result.policy.sources:
            if identity.is_impostor(each, app, ours):
                impostor = True
                note_impostor(house, subject, app, file.repository, identity.wanted_id(each, ours))
    return tuple(found), impostor


def _hinted_runs(
    house: House, github: GitHub, app: Repository, subject: Subject, hinted: Iterable[int]
) -> tuple[WorkflowRun, ...]:
    """The runs that exist. Raises Moved when one does not because somebody else has the repository's old name."""
    runs = [github.run(app.full_name, run_id) for run_id in hinted]
    if None in runs:
        _look_for(house, subject, app)
    return tuple(run for run in runs if run is not None)


def _look_for(house: House, subject: Subject, app: Repository) -> None:
    """Raises Moved when the repository is not called as it was any more, or has left the installation."""
    discover(house, subject.installation_id)
    now = house.store.repositories.within(subject.installation_id, app.id)
    if now is None or now.full_name != app.full_name:
        raise Moved(f"{app.full_name} is called otherwise now")


def _recent_runs(
    house: House, github: GitHub, app: Repository, subject: Subject, configs: Sequence[Config]
) -> tuple[WorkflowRun, ...]:
    """Finished runs of the sources' workflows that were never judged, oldest first. Raises Moved as above."""
    workflows = {source.workflow for config in configs for source in config.sources}
    try:
        runs = [run for workflow in sorted(workflows) for run in github.recent_runs(app.full_name, workflow)]
    except NotFound:
        _look_for(house, subject, app)
        raise
    fresh = [run for run in runs if not house.store.releases.was_judged(app.id, run.id, run.attempt)]
    return tuple(sorted(fresh, key=lambda run: (run.id, run.attempt)))


def _judge(
    house: House,
    subject: Subject,
    github: GitHub,
    app: Repository,
    configs: Sequence[Config],
    run: WorkflowRun,
    delivery_id: str | None,
) -> str:
    """Judges one run by each config repository's rules; the first that accepts it records the release."""
    outcome = "not ours"
    recorded = house.store.releases.of_run(app.id, run.id, run.attempt) if delivery_id else None
    for config in configs:
        judged = judge.judge_run(run, app.id, config.sources)
        if isinstance(judged, judge.NotOurs):
            continue
        if recorded is not None and isinstance(judged, judge.Accepted):
            changed = changed_since(github, app, run, judged.source, recorded)
            if changed is not None:
                return note_change(house, subject, run, changed, delivery_id)
        if house.store.releases.was_judged(app.id, run.id, run.attempt):
            _wake_entrances(house, config, subject)
            outcome = "judged before"
            continue
        if isinstance(judged, judge.Refused):
            outcome = _refuse(house, subject, app, run, judged.code, judged.message, delivery_id)
            continue
        try:
            release = _release(house, subject, github, app, run, judged.source, config)
        except UserError as error:
            code = error.code if isinstance(error, ArtifactRefused) else "bad_artifact"
            outcome = _refuse(house, subject, app, run, code, str(error), delivery_id)
            continue
        source = judged.source
        anew = source.repository_id is not None
        pinned = house.store.pins.pin(config.repository.id, source.repository, app.id, anew=anew)
        if pinned != app.id:
            note_impostor(house, subject, app, config.repository, pinned)
            outcome = "refused: impostor"
            continue
        outcome = _accept(house, subject, config, release, delivery_id)
    return outcome


def _release(
    house: House,
    subject: Subject,
    github: GitHub,
    app: Repository,
    run: WorkflowRun,
    source: Source,
    config: Config,
) -> Release:
    """Everything behind the run: order, artifact, content. Raises ArtifactRefused, with a reason code."""
    kind = judge.branch_kind(source, run.branch)
    recent = house.store.releases.recent(app.id, source.name)
    newest = next((each for each in recent if judge.branch_kind(source, each.branch) == kind), None)
    if judge.is_stale(run, newest):
        raise ArtifactRefused(
            f"run {run.number} is older than a run whose release was accepted already; going back is a rollback",
            code="stale_run",
        )
    artifact = judge.choose_artifact(
        github.artifacts(app.full_name, run.id, source.artifact), source.artifact, run
    )
    if isinstance(artifact, judge.Refused):
        raise ArtifactRefused(artifact.message, code=artifact.code)
    zipped = github.download(app.full_name, artifact, ARTIFACT_LIMIT)
    tags = parse_component_tags(house.read_artifact(zipped))
    refused = judge.judge_tags(tags, run, source, config.policy.sources)
    if refused is not None:
        raise ArtifactRefused(refused.message, code=refused.code)
    return judge.make_release(
        run,
        source,
        tags,
        artifact_sha256=hashlib.sha256(zipped).hexdigest(),
        installation_id=subject.installation_id,
        repository=app.full_name,
        at=house.clock(),
    )


def _accept(house: House, subject: Subject, config: Config, release: Release, delivery_id: str | None) -> str:
    # The row first: a release that is on record without one would never get it, for it is not judged again.
    note(
        house,
        subject,
        "release_accepted",
        "done",
        f"run {release.run_number} of {release.repository} hands over {', '.join(sorted(release.components))}",
        head_sha=release.head_sha,
        delivery_id=delivery_id,
        details={
            "release": release.id,
            "run_url": release.run_url,
            "artifact_sha256": release.artifact_sha256,
        },
    )
    house.store.releases.accept(release)
    _wake_entrances(house, config, subject)
    return f"accepted {release.id}"


def _wake_entrances(house: House, config: Config, subject: Subject) -> None:
    for entrance in config.policy.entrances():
        wake(house.store, environment(subject.installation_id, config.repository.id, entrance.name))


def _refuse(
    house: House,
    subject: Subject,
    app: Repository,
    run: WorkflowRun,
    code: str,
    message: str,
    delivery_id: str | None,
) -> str:
    """Tells the author on the commit, then the ledger; on record last, because what is on record is not told again."""
    if code not in TOLD_IN_LEDGER_ONLY:
        _tell(house, subject, app, run, code, message, delivery_id)
    note(
        house,
        subject,
        code,
        "refused",
        message,
        head_sha=run.head_sha,
        delivery_id=delivery_id,
        details={"run_url": run.url, "attempt": run.attempt},
    )
    if code not in NOT_SETTLED:
        house.store.releases.refuse(app.id, run.id, run.attempt, code, house.clock())
    return f"refused: {code}"


def _tell(
    house: House,
    subject: Subject,
    app: Repository,
    run: WorkflowRun,
    code: str,
    message: str,
    delivery_id: str | None,
) -> None:
    check = CheckRun(
        name=RELEASE_CHECK,
        head_sha=run.head_sha,
        status="completed",
        conclusion="failure",
        title=f"Nothing was promoted: {message}"[:250],
        summary=(
            f"Lockstep did not take the release of [run {run.number}]({run.url}): {message}\n\n"
            f"Reason code: `{code}`. Mend it and run the workflow again."
        ),
    )
    telling = CommentOnCommit(because=message, repository=app.full_name, check=check)
    carry_out(house, Cause(subject=subject, delivery_id=delivery_id), app, [telling])
