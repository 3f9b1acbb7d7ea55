"""Runs of the validation workflow: read again, with their reports, and put on record once for each attempt (row C1).

Nothing of a webhook or an alert is believed but that there is something to look at; and that a run's own step, proven
to be one, says that it failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.decide.text import code, plain
from bot.decide.validation import alert_of, current_reports, judged, next_steps, not_counted
from bot.errors import NoReport, NotFound, UserError
from bot.model.facts import Artifact, Repository, Unknown, WorkflowRun
from bot.model.validation import BLOCKING, Flow, FlowReport, Outcome, Validated
from bot.run.validation.place import Place, failure_details

LIMIT = 64 * 1024 * 1024
"""Bytes of a zipped artifact with reports."""
MOST_ARTIFACTS = 50
LISTED_EVERY = timedelta(minutes=5)
"""How often recent runs are listed when nothing was heard of any."""
ALERTED = "a step of the run itself reported the failure"


def judge_new(place: Place) -> None:
    """Judges what was asked for, or what ended lately; writes down what each came to."""
    house, rules = place.house, place.rules
    repository = place.named(rules.repository)
    if repository is None:
        return
    asked = house.store.validations.asked(place.config.id)
    runs = _asked(place, repository, asked) if asked else _recent(place, repository)
    known = {each.order: each for each in house.store.validations.of(place.config.id)}
    for run in sorted(runs, key=lambda each: (each.id, each.attempt)):
        before = known.get((run.id, run.attempt))
        if run.status == "completed" and (before is None or before.why == ALERTED):
            _judge(place, repository, run, before, tuple(known.values()))
    house.store.validations.heard(place.config.id, asked)


def _asked(place: Place, repository: Repository, asked: Sequence[int]) -> list[WorkflowRun]:
    found = [place.github.run(repository.full_name, each) for each in asked]
    return [each for each in found if each is not None]


def _recent(place: Place, repository: Repository) -> list[WorkflowRun]:
    """What no event told of, listed now and then."""
    key, now = f"validation listed:{place.config.id}", place.house.clock()
    last = place.house.store.marks.get(key)
    if last and now < datetime.fromisoformat(last) + LISTED_EVERY:
        return []
    place.house.store.marks.put(key, now.isoformat())
    try:
        return list(place.github.recent_runs(repository.full_name, place.rules.workflow, limit=5))
    except NotFound:
        return []


def _judge(
    place: Place,
    repository: Repository,
    run: WorkflowRun,
    alerted: Validated | None,
    known: Sequence[Validated],
) -> None:
    why_not = not_counted(run, repository.id, place.rules)
    if why_not is not None:
        _ignored(place, run, why_not)
        return
    artifacts = place.github.artifacts(repository.full_name, run.id, None)
    report = _report(place, repository, run, artifacts)
    outcome, why = judged(run, report)
    found = report if isinstance(report, FlowReport) else FlowReport()
    failed = found.failed
    if alerted is not None and outcome is Outcome.PASSED:
        # Its own step said that it failed, so it did, whatever the rest of it says (fail closed).
        outcome, why, failed = Outcome.FAILED, f"the run says success, but {ALERTED}", alerted.failed
    elif alerted is not None and not failed:
        failed = alerted.failed
    said = alerted.deployment if alerted is not None else ""
    put(
        place,
        Validated(
            config_repository_id=place.config.id,
            run_id=run.id,
            attempt=run.attempt,
            outcome=outcome,
            deployment=found.deployment or deployment_of(run, said, known),
            run_url=run.url,
            head_sha=run.head_sha,
            branch=run.branch or "",
            why=why,
            flows=len(found.flows),
            failed=failed,
            artifacts=tuple(f"{run.url}/artifacts/{each.id}" for each in artifacts if not each.expired),
            at=place.house.clock(),
        ),
        again=alerted is not None,
    )


def deployment_of(run: WorkflowRun, said: str, known: Sequence[Validated]) -> str:
    """What the alert said; else what an earlier attempt, or another run on the same commit, was of; else the commit."""
    if said:
        return said
    same = [each for each in known if each.run_id == run.id] or [
        each for each in known if each.head_sha == run.head_sha and each.outcome is not Outcome.IGNORED
    ]
    newest = max(same, key=lambda each: each.order, default=None)
    return newest.deployment if newest is not None and newest.deployment else f"commit {run.head_sha[:12]}"


def _report(
    place: Place, repository: Repository, run: WorkflowRun, artifacts: Sequence[Artifact]
) -> FlowReport | Unknown:
    name = place.rules.artifact
    chosen = current_reports(artifacts, name, run)
    if not chosen:
        again = f"; attempt {run.attempt} made none" if run.attempt > 1 else ""
        return Unknown(why=f"no artifact {code(name)} is there{again}")
    if len(chosen) > MOST_ARTIFACTS:
        return Unknown(why=f"more than {MOST_ARTIFACTS} artifacts are named {code(name)}")
    try:
        found = [_flows(place, repository, each, chosen) for each in chosen]
        return _together([each for each in found if each is not None])
    except UserError as error:
        return Unknown(why=plain(str(error), 300))


def _flows(
    place: Place, repository: Repository, artifact: Artifact, chosen: Sequence[Artifact]
) -> FlowReport | None:
    """An artifact's flows; None for screenshots and logs beside the one with the reports. Where each job of a matrix
    has an artifact of its own, each must hold a report."""
    zipped = place.github.download(repository.full_name, artifact, LIMIT)
    try:
        return place.house.readers.flows(zipped)
    except NoReport:
        name = place.rules.artifact
        if artifact.name != name and any(each.name == name for each in chosen):
            return None
        raise


def _together(reports: Sequence[FlowReport]) -> FlowReport:
    flows: dict[str, Flow] = {}
    for report in reports:
        for each in report.flows:
            known = flows.get(each.name)
            flows[each.name] = each if known is None or each.failed else known
    named = {each.deployment for each in reports if each.deployment}
    if len(named) > 1:
        raise UserError(
            "the artifacts name different deployments; let all of them name the one that was validated"
        )
    return FlowReport(flows=tuple(flows.values()), deployment=next(iter(named), ""))


def _ignored(place: Place, run: WorkflowRun, why: str) -> None:
    place.note(
        "validation_ignored", "skipped", f"run {run.id} does not count: {why}",
        {"run_id": run.id, "run_url": run.url}, head_sha=run.head_sha,
        once=f"validation_ignored {place.config.id} {run.id} {run.attempt}",
    )  # fmt: skip
    place.house.store.validations.put(
        Validated(
            config_repository_id=place.config.id,
            run_id=run.id,
            attempt=run.attempt,
            outcome=Outcome.IGNORED,
            deployment="",
            run_url=run.url,
            head_sha=run.head_sha,
            branch=run.branch or "",
            why=why,
            at=place.house.clock(),
        )
    )


def put(place: Place, validated: Validated, *, again: bool = False) -> None:
    """The row first, then the record. `again`: the failure was told already; the record only becomes more exact."""
    details = failure_details(validated)
    if validated.outcome in BLOCKING:
        details |= {"alert": alert_of(validated), "next_steps": list(_steps(validated)), "why": validated.why}
        event, why = "validation_failed", _sentence(validated)
    else:
        event, why = "validation_passed", f"{validated.flows} flows passed for {validated.deployment}"
    event = "validation_confirmed" if again else event
    known_by = f"{event} {validated.config_repository_id} {validated.run_id} {validated.attempt}"
    place.note(event, "done", why, details, head_sha=validated.head_sha, once=known_by)
    place.house.store.validations.put(validated)


def _steps(validated: Validated) -> tuple[str, ...]:
    return next_steps(
        validated.failed, readable=validated.outcome is Outcome.FAILED and bool(validated.failed)
    )


def _sentence(validated: Validated) -> str:
    names = ", ".join(each.name for each in validated.failed[:5])
    more = f" and {len(validated.failed) - 5} more" if len(validated.failed) > 5 else ""
    what = f"{names}{more} failed" if names else validated.why
    return f"{validated.deployment}: {what}"


def alerted(place: Place, run: WorkflowRun, deployment: str, failed: Sequence[Flow]) -> str:
    """A run's own step says that it failed: blocked at once, before the run has ended."""
    known = place.house.store.validations.of(place.config.id)
    before = next((each for each in known if each.order == (run.id, run.attempt)), None)
    if before is not None and before.outcome in BLOCKING:
        return f"run {run.id} is known to have failed"
    fresh = Validated(
        config_repository_id=place.config.id,
        run_id=run.id,
        attempt=run.attempt,
        outcome=Outcome.FAILED,
        deployment=deployment_of(run, deployment, known),
        run_url=run.url,
        head_sha=run.head_sha,
        branch=run.branch or "",
        why=ALERTED,
        failed=tuple(failed),
        at=place.house.clock(),
    )
    kept = replace(fresh, why=f"it passed, but {ALERTED}") if before is not None else fresh
    put(place, kept)
    return f"run {run.id} failed, by its own word"
