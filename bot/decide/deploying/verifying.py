"""Is what runs well? Health checks, smoke tests, metrics: what is to be asked now, and what the answers mean (row P7).

One look asks each health check once; right answers in a row are counted in the record, so a worker that dies between
two looks costs one answer. Smoke tests begin when every health check has passed. What nobody could measure (a
Prometheus that is down) is waited for: it neither passes nor fails a deployment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.decide.gates import Gated
from bot.decide.gates.measuring import length, moment
from bot.decide.patterns import matches
from bot.decide.text import code, plain
from bot.model.deployment import Deployment, Progress
from bot.model.facts import Unknown, WorkflowRun
from bot.model.policy_after import HttpCheck, SmokeTest, Trigger, Verify
from bot.model.rollout import HttpAnswer
from bot.model.verdict import Outcome

RUN_POLL = timedelta(seconds=30)
"""When a workflow run is looked at again that has not ended; its event comes sooner in the usual case."""
FOUND_WITHIN = timedelta(minutes=2)
"""How long a dispatched workflow has to show up, before it is dispatched once more."""
DISPATCHES = 3
"""How often a workflow is dispatched whose run never shows up; after that it has what is left of the test's time."""
MEASURE_AGAIN = timedelta(minutes=2)
METRICS = "metrics"
_SAID = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that must be true, with how far it has come."""

    key: str
    what: str
    trigger: Trigger
    progress: Progress | None
    check: HttpCheck | None = None
    smoke: SmokeTest | None = None
    due_at: datetime
    """When it is to be asked (again)."""

    @property
    def done(self) -> bool:
        """Whether it has passed."""
        return self.progress is not None and self.progress.done

    @property
    def failed(self) -> bool:
        """Whether it cannot pass any more."""
        return self.progress is not None and self.progress.failed

    @property
    def awaits_run(self) -> bool:
        """Whether it waits for a workflow that was dispatched."""
        return self.smoke is not None and not self.smoke.steps and self.progress is not None

    @property
    def says(self) -> str:
        """What was seen last."""
        return (
            self.progress.says if self.progress and self.progress.says else f"{self.what} was not asked yet"
        )


def parts(verify: Verify, deployment: Deployment, began: datetime) -> tuple[Part, ...]:
    """Everything that the rules ask for, in order; `began` is when verification began."""
    return tuple(_parts(verify, deployment, began))


def _parts(verify: Verify, deployment: Deployment, began: datetime) -> Iterator[Part]:
    for check in verify.health:
        kept = deployment.progress.get(f"health:{check.name}")
        due = kept.at + check.interval if kept else began
        yield Part(key=f"health:{check.name}", what=f"The health check {code(check.name)}", progress=kept,
                   trigger=Trigger.HEALTH_CHECK_FAILURE, check=check, due_at=due)  # fmt: skip
    for smoke in verify.smoke:
        kept = deployment.progress.get(f"smoke:{smoke.name}")
        wait = smoke.steps[0].interval if smoke.steps else RUN_POLL
        due = kept.at + wait if kept else began
        yield Part(key=f"smoke:{smoke.name}", what=f"The smoke test {code(smoke.name)}", progress=kept,
                   trigger=Trigger.HEALTH_CHECK_FAILURE, smoke=smoke, due_at=due)  # fmt: skip
    if verify.metrics:
        kept = deployment.progress.get(METRICS)
        end = began + verify.window
        due = max(end, kept.at + MEASURE_AGAIN) if kept else end
        yield Part(key=METRICS, what="The metrics", progress=kept, trigger=Trigger.SLO_VIOLATION, due_at=due)


def due(found: Sequence[Part], now: datetime, asked: Collection[str] = ()) -> tuple[Part, ...]:
    """Those that are to be asked at `now`: smoke tests only once every health check has passed. `asked` are the keys of
    those that this look has asked: a workflow run is asked for in every look, because its event brings one.
    """
    healthy = all(each.done for each in found if each.check)
    return tuple(
        each
        for each in found
        if not each.done
        and not each.failed
        and each.key not in asked
        and (each.due_at <= now or each.awaits_run)
        and (healthy or each.smoke is None)
    )


def answered(part: Part, check: HttpCheck, answer: HttpAnswer, now: datetime) -> Progress:
    """A health check after one more answer: one that is wrong begins the counting again."""
    wrong = trouble(check, answer)
    before = part.progress or Progress(key=part.key, at=now, since=now)
    if wrong:
        says = f"{part.what} is not right: {wrong}"
        return replace(before, at=now, count=0, failed=answer.blocked, says=says)
    count = before.count + 1
    times = f"{count} of {check.successes} right answers" if check.successes > 1 else "answers right"
    return replace(before, at=now, count=count, done=count >= check.successes, says=f"{part.what}: {times}")


def trouble(check: HttpCheck, answer: HttpAnswer) -> str:
    """What is wrong with an answer, or an empty text. What the server says is never shown, only what was missed."""
    if answer.status is None:
        return plain(answer.trouble, _SAID)
    if answer.status != check.status:
        return f"it answered with status {answer.status}, needed: {check.status}"
    body = answer.body.decode("utf-8", "replace")
    if check.body_contains is not None and check.body_contains not in body:
        return f"its answer does not contain {code(check.body_contains)}"
    if check.body_matches is not None and not matches(check.body_matches, body):
        return f"its answer does not match {code(check.body_matches)}"
    if answer.took > check.max_latency:
        took = round(answer.took.total_seconds(), 1)
        return f"it took {took:g} s to answer, needed: at most {length(check.max_latency)}"
    return ""


def stepped(part: Part, smoke: SmokeTest, step: HttpCheck, answer: HttpAnswer, now: datetime) -> Progress:
    """A smoke test after one of its HTTP steps: a wrong answer is asked for again until the test's time is over."""
    before = part.progress or Progress(key=part.key, at=now, since=now)
    wrong = trouble(step, answer)
    if not wrong:
        count = before.count + 1
        total = len(smoke.steps)
        says = f"{part.what}: {count} of {total} steps are right"
        return replace(before, at=now, count=count, done=count >= total, says=says)
    says = f"{part.what}: the step {code(step.name)} is not right: {wrong}"
    return replace(before, at=now, failed=answer.blocked or _over(before, smoke, now), says=says)


def dispatched(part: Part, now: datetime) -> Progress:
    """A smoke test whose workflow is about to be dispatched; put on record before it is, so that after a crash the run
    is looked for and not started twice."""
    before = part.progress or Progress(key=part.key, at=now, since=now)
    says = f"{part.what}: its workflow was dispatched"
    return replace(before, at=now, since=before.since or now, count=before.count + 1, says=says)


def with_progress(part: Part, progress: Progress | None) -> Part:
    """The part with newer progress."""
    return replace(part, progress=progress)


def with_run(begun: Progress, run_id: int) -> Progress:
    """A dispatched smoke test whose run GitHub has named."""
    return replace(begun, run_id=run_id)


def wants_dispatch(part: Part, found: WorkflowRun | None, now: datetime) -> bool:
    """Whether the workflow is to be dispatched (again). `found` is the run that the last dispatch started."""
    kept = part.progress
    if kept is None or kept.since is None:
        return True
    times = max(kept.count, 1)
    return (
        kept.run_id is None
        and found is None
        and times < DISPATCHES
        and now >= kept.since + times * FOUND_WITHIN
    )


def ran(part: Part, smoke: SmokeTest, run: WorkflowRun | None, now: datetime) -> Progress:
    """A smoke test after a look at its workflow's run; None: it has not shown up yet."""
    before = part.progress or Progress(key=part.key, at=now, since=now)
    if run is None:
        says = f"{part.what}: its workflow was dispatched and has not begun"
    elif run.status != "completed":
        says = f"{part.what}: run {run.number} is {code(run.status)} ({run.url})"
    elif run.conclusion == "success":
        says = f"{part.what} passed (run {run.number}, {run.url})"
        return replace(before, at=now, run_id=run.id, done=True, says=says)
    else:
        says = f"{part.what}: run {run.number} ended as {code(run.conclusion or 'nothing')} ({run.url})"
        return replace(before, at=now, run_id=run.id, failed=True, says=says)
    late = _over(before, smoke, now)
    if late:
        says += f"; that is over the {length(smoke.timeout)} that the rules give it"
    return replace(before, at=now, run_id=run.id if run else before.run_id, failed=late, says=says)


def refused(part: Part, why: str, now: datetime) -> Progress:
    """A part that GitHub refuses to begin."""
    before = part.progress or Progress(key=part.key, at=now, since=now)
    return replace(before, at=now, failed=True, says=f"{part.what} could not be begun: {plain(why, _SAID)}")


def unread(part: Part, unknown: Unknown, now: datetime) -> Progress:
    """A part that nobody could measure; it waits."""
    before = part.progress or Progress(key=part.key, at=now, since=now)
    return replace(before, at=now, says=f"{part.what} could not be read: {plain(unknown.why, _SAID)}")


def incomparable(part: Part, now: datetime) -> Progress:
    """Metrics that were only to be compared, where nothing good is on record to compare with."""
    says = f"{part.what} are not compared: no good release before it is on record"
    return Progress(key=part.key, at=now, since=now, done=True, says=says)


def measured(part: Part, gated: Gated, now: datetime) -> Progress:
    """The metrics after they were read. What could not be read, or not yet, waits."""
    before = part.progress or Progress(key=part.key, at=now, since=now)
    verdict = gated.verdict
    says = "; ".join([verdict.headline, *verdict.reasons])
    return replace(
        before,
        at=now,
        done=verdict.outcome is Outcome.PASS,
        failed=verdict.outcome is Outcome.BLOCK,
        says=says,
    )


def overdue(part: Part, verify: Verify, began: datetime, now: datetime) -> bool:
    """Whether it should have passed by now, by an answer from after its time: a worker that was away for an hour asks
    once more before it calls anything failed. What could not be read is nobody's failure: it waits on."""
    kept, end = part.progress, began + verify.timeout
    if kept is None or kept.done or kept.at < end or part.key == METRICS:
        return False
    if part.smoke is not None:
        return kept.since is not None and now >= kept.since + verify.timeout
    return kept.count == 0


def next_at(found: Sequence[Part], verify: Verify, began: datetime, now: datetime) -> datetime:
    """When something is to be asked again, or time alone changes the answer."""
    waiting = [each for each in found if not each.done and not each.failed]
    healthy = all(each.done for each in found if each.check)
    times = [max(each.due_at, now) for each in waiting if healthy or each.smoke is None]
    end = began + verify.timeout
    return min([*times, *([end] if end > now else [])], default=now + MEASURE_AGAIN)


def _over(before: Progress, smoke: SmokeTest, now: datetime) -> bool:
    return before.since is not None and now >= before.since + smoke.timeout


def waiting_words(found: Sequence[Part], verify: Verify, began: datetime) -> str:
    """What is awaited, for the story: a sentence."""
    open_parts = [each.what for each in found if not each.done]
    until = moment(began + verify.timeout)
    return f"{', '.join(open_parts)}; until {until}" if open_parts else "nothing"
