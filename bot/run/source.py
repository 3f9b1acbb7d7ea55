"""A look at an app repository: which finished runs hand over a release (row R1)?

The event is a hint; the run, its artifacts and the rules are read afresh. A release that is accepted wakes the
environments that releases enter; one that is refused is told on the commit it was built from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from bot.decide import identity
from bot.errors import Moved, NotFound
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository, WorkflowRun
from bot.model.ports import GitHub
from bot.model.subject import Subject
from bot.run import deploying, rules, validation
from bot.run.house import House, Looked
from bot.run.identity import note_impostor, note_rename
from bot.run.installation import discover
from bot.run.judging import Case, Config, judge_run


def look_source(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Judges the runs that the deliveries hint at, or the recent ones when there is no hint (the sweep)."""
    github = house.github(subject.installation_id)
    app = house.store.repositories.find(subject.repository)
    if app is None:
        return Looked(outcome="skipped: the repository is not known to this installation")
    concerned = validation.overheard(house, subject, deliveries)
    deploying.wake_awaiting(house, subject.installation_id, {run_id for run_id, _ in _hints(deliveries)})
    told = deliveries[-1].id if deliveries else None
    configs, impostor = _configs(house, github, subject, app, told)
    if not configs:
        if concerned:
            return Looked(outcome=f"woke {concerned} validations")
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
    cases = (
        Case(house=house, subject=subject, github=github, app=app, run=run, delivery_id=hinted.get(run.id))
        for run in runs
    )
    outcomes = [judge_run(case, configs) for case in cases]
    return Looked(outcome="; ".join(outcomes) or "nothing new")


def _hints(deliveries: Sequence[StoredDelivery]) -> Iterable[tuple[int, str]]:
    """Run id and delivery id of each hint; what cannot be read hints at nothing."""
    for delivery in deliveries:
        if delivery.event != "workflow_run":
            continue
        payload = json.loads(delivery.payload)
        run_id = (payload.get("workflow_run") or {}).get("id")
        if isinstance(run_id, int):
            yield run_id, delivery.id


def _configs(
    house: House, github: GitHub, subject: Subject, app: Repository, delivery_id: str | None
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
        rules.note_errors(house, subject.installation_id, file, result, delivery_id)
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
