"""Where a deployment stands: each fact that Argo CD may give, and each answer of verification, as tables."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.decide.deploying import DeploymentFacts, decide_deployment, verifying
from bot.decide.deploying.rollout import Step, places_of, stand
from bot.decide.deploying.wording import GITHUB, lines, mirrored, shown
from bot.model.argocd import ApplicationSource, ApplicationState, Condition, SyncOperation
from bot.model.deployment import (
    UNDERWAY,
    Deployment,
    DeploymentKind,
    DeploymentState,
    Move,
    Progress,
    Transition,
)
from bot.model.facts import Unknown
from bot.model.image import ComponentTag
from bot.model.policy_after import ArgoCD, HttpCheck, SmokeTest, Sync, Verify
from bot.model.rollout import ApplicationLook, HttpAnswer
from tests.builders import NOW, digest, policy, pull
from tests.builders import RULES as BASE_RULES

MERGE, OLD, LATER = "c" * 40, "0" * 40, "d" * 40
S = DeploymentState
MERGED = NOW - timedelta(minutes=5)
ENDED = NOW - timedelta(minutes=4)
REPO = "splattop/config"
SOURCE = ApplicationSource(repository=f"https://github.com/{REPO}.git", target="main")
DONE = SyncOperation(phase="Succeeded", revisions=(MERGE,), started_at=MERGED, finished_at=ENDED)
BEFORE = replace(
    DONE, revisions=(OLD,), started_at=MERGED - timedelta(hours=1), finished_at=MERGED - timedelta(hours=1)
)


def tag(letter: str) -> ComponentTag:
    return ComponentTag(tag=f"1.{letter}", sha=letter * 40, digest=digest(letter))


def a_deployment(state: DeploymentState = S.SYNCING, **more: Any) -> Deployment:
    values: dict[str, Any] = {
        "installation_id": 77, "config_repository_id": 501, "environment": "dev", "source": "app", "pull_number": 7,
        "components": {"api": Move(before=digest("0"), after=tag("a"))}, "state": state, "since": ENDED,
        "merge_sha": MERGE, "merged_at": MERGED,
    }  # fmt: skip
    return Deployment(**{**values, **more})


def image(letter: str) -> str:
    return f"ghcr.io/splattop/api:1@{digest(letter)}"


def a_state(**more: Any) -> ApplicationState:
    values: dict[str, Any] = {
        "name": "dev", "namespace": "argocd", "project": "default", "sync": "Synced", "revisions": (MERGE,),
        "health": "Healthy", "health_since": ENDED, "operation": DONE, "images": (image("a"),),
        "sources": (SOURCE,), "reconciled_at": NOW, "at": NOW,
    }  # fmt: skip
    return ApplicationState(**{**values, **more})


def looked(state: ApplicationState | Unknown, mode: Sync = Sync.AUTO, **more: Any) -> ApplicationLook:
    contains = {MERGE: True, LATER: True, OLD: False}
    return ApplicationLook(
        application=ArgoCD(application="dev", sync=mode, **more), state=state, contains=contains
    )


def asked(minutes: float, by: str | None = None, **more: Any) -> dict[str, Progress]:
    at = NOW - timedelta(minutes=minutes)
    return {"sync:dev": Progress(key="sync:dev", at=at, since=at, by=by, **more)}


@pytest.mark.parametrize(
    ("changed", "step", "says"),
    [
        ({}, Step.DONE, "is Synced and Healthy at ccccccc and runs api sha256:aaaaaaaaaaaa"),
        ({"revisions": (LATER,), "operation": replace(DONE, revisions=(LATER,))}, Step.DONE, "is Synced"),
        ({"operation": replace(DONE, phase="Running", finished_at=None)}, Step.WAIT, "is being synced since"),
        ({"operation_asked": True}, Step.WAIT, "is being synced"),
        ({"operation": replace(DONE, phase="Failed", message="no quota")}, Step.FAILED, "the sync failed (`no quota`)"),
        ({"operation": replace(DONE, phase="Error", message="x")}, Step.FAILED, "the sync failed (`x`)"),
        ({"operation": replace(DONE, phase="Odd")}, Step.UNREAD, "which is no known end"),
        ({"operation": None}, Step.SYNC, "is synced at ccccccc"),
        ({"operation": BEFORE}, Step.SYNC, "is synced at ccccccc"),
        ({"operation": BEFORE, "automated": True}, Step.WAIT, "no sync has ended since the merge"),
        ({"operation": replace(DONE, revisions=())}, Step.DONE, "is Synced"),
        ({"operation": replace(DONE, revisions=(), started_at=MERGED - timedelta(hours=1))}, Step.SYNC, "is synced"),
        ({"operation": replace(DONE, finished_at=MERGED - timedelta(minutes=20))}, Step.DONE, "is Synced"),
        (
            {"operation": replace(DONE, revisions=(), started_at=MERGED, finished_at=MERGED - timedelta(minutes=2))},
            Step.SYNC, "is synced",
        ),
        ({"operation": replace(DONE, revisions=("9" * 40,))}, Step.SYNC, "is synced"),
        ({"revisions": (OLD,)}, Step.WAIT, "was synced, but Argo CD compares it with 0000000"),
        ({"reconciled_at": ENDED - timedelta(seconds=5)}, Step.WAIT, "Argo CD has not looked at it since"),
        ({"sync": "OutOfSync"}, Step.WAIT, "is OutOfSync after its sync"),
        (
            {"sync": "Unknown", "conditions": (Condition(type="ComparisonError", message="bad chart"),)},
            Step.UNREAD, "cannot tell whether it is in sync (`bad chart`)",
        ),
        ({"health": "Progressing"}, Step.WAIT, "is Progressing"),
        ({"health": "Missing"}, Step.WAIT, "is Missing"),
        ({"health": "Suspended"}, Step.WAIT, "it goes on when somebody resumes it"),
        ({"health": "Unknown"}, Step.UNREAD, "does not know its health"),
        ({"health": "Degraded", "health_message": "crash"}, Step.FAILED, "is Degraded (`crash`)"),
        ({"images": (image("0"),)}, Step.WAIT, "does not run api sha256:aaaaaaaaaaaa"),
        ({"images": (image("a"), image("0"))}, Step.WAIT, "still runs api sha256:000000000000 as well"),
        ({"images": ()}, Step.WAIT, "does not run api"),
        ({"sources": ()}, Step.UNREAD, "follows nothing, not splattop/config"),
        ({"sources": (replace(SOURCE, repository="https://github.com/evil/config"),)}, Step.UNREAD, "not splattop"),
    ],
)  # fmt: skip
def test_what_argo_cd_tells_of_an_application(changed: dict[str, Any], step: Step, says: str):
    found = stand(looked(a_state(**changed)), a_deployment(), REPO, NOW)
    assert (found.step, says in found.says) == (step, True), found


@pytest.mark.parametrize(
    ("since", "ended", "step"),
    [
        (MERGED - timedelta(hours=1), NOW - timedelta(minutes=1), Step.WAIT),
        (MERGED - timedelta(hours=1), NOW - timedelta(minutes=2), Step.FAILED),
        (None, NOW - timedelta(minutes=1), Step.WAIT),
        (NOW, NOW - timedelta(minutes=1), Step.FAILED),
    ],
)
def test_a_degraded_left_over_from_before_has_a_moment(since: Any, ended: Any, step: Step):
    state = a_state(health="Degraded", health_since=since, operation=replace(DONE, finished_at=ended))
    assert stand(looked(state), a_deployment(), REPO, NOW).step is step


@pytest.mark.parametrize(
    ("mode", "progress", "kind", "step"),
    [
        (Sync.AUTO, {}, DeploymentKind.PROMOTION, Step.SYNC),
        (Sync.CONFIRM, {}, DeploymentKind.PROMOTION, Step.PERSON),
        (Sync.CONFIRM, {}, DeploymentKind.HOTFIX, Step.PERSON),
        (Sync.CONFIRM, {}, DeploymentKind.ROLLBACK, Step.SYNC),
        (Sync.OFF, {}, DeploymentKind.ROLLBACK, Step.WAIT),
        (Sync.CONFIRM, {"sync:dev": Progress(key="sync:dev", at=NOW, by="ana")}, DeploymentKind.PROMOTION, Step.SYNC),
        (Sync.CONFIRM, asked(1, "ana"), DeploymentKind.PROMOTION, Step.WAIT),
        (Sync.AUTO, asked(1), DeploymentKind.PROMOTION, Step.WAIT),
        (Sync.AUTO, asked(2), DeploymentKind.PROMOTION, Step.SYNC),
        (Sync.AUTO, asked(16), DeploymentKind.PROMOTION, Step.FAILED),
        (Sync.AUTO, asked(1, failed=True, says="a window"), DeploymentKind.PROMOTION, Step.FAILED),
    ],
)  # fmt: skip
def test_who_begins_a_sync_that_nobody_has_begun(
    mode: Sync, progress: dict[str, Progress], kind: DeploymentKind, step: Step
):
    deployment = a_deployment(progress=progress, kind=kind)
    assert (
        stand(looked(a_state(operation=BEFORE, revisions=(OLD,)), mode), deployment, REPO, NOW).step is step
    )


def test_a_failed_sync_from_before_a_persons_word_does_not_count():
    failed = replace(DONE, phase="Failed", finished_at=NOW - timedelta(minutes=2))
    deployment = a_deployment(progress={"sync:dev": Progress(key="sync:dev", at=NOW, by="ana")})
    assert stand(looked(a_state(operation=failed)), deployment, REPO, NOW).step is Step.SYNC


@pytest.mark.parametrize(
    ("after", "step"),
    [(DONE.started_at, Step.WAIT), (MERGED - timedelta(hours=1), Step.DONE), (None, Step.DONE)],
)
def test_the_sync_that_was_asked_for_is_another_than_the_last_one_by_argo_cd_s_own_clock(
    after: Any, step: Step
):
    """Its clock is an hour behind ours, so that its moments are all before the yes."""
    yes = Progress(key="sync:dev", at=NOW, since=NOW, after=after, by="ana")
    deployment = a_deployment(progress={"sync:dev": yes})
    assert stand(looked(a_state(), Sync.CONFIRM), deployment, REPO, NOW).step is step


def test_the_time_of_a_silence_is_not_counted():
    late = a_deployment(merged_at=NOW - timedelta(minutes=16))
    state = a_state(operation=BEFORE, revisions=(OLD,))
    assert stand(looked(state, Sync.OFF), late, REPO, NOW).step is Step.FAILED
    silent = {"silent:dev": Progress(key="silent:dev", at=NOW - timedelta(minutes=1), since=NOW)}
    assert stand(looked(state, Sync.OFF), replace(late, progress=silent), REPO, NOW).step is Step.WAIT


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("https://github.com/splattop/config.git", (0,)),
        ("https://github.com/Splattop/Config", (0,)),
        ("git@github.com:splattop/config.git", (0,)),
        ("ssh://git@github.example.com:22/splattop/config/", (0,)),
        ("https://github.com/splattop/config-copy", ()),
        ("https://github.com/splattop", ()),
        ("", ()),
    ],
)
def test_a_source_is_known_by_owner_and_name(address: str, found: tuple[int, ...]):
    assert places_of([ApplicationSource(repository=address, target="")], REPO) == found


def test_of_several_sources_only_ours_take_the_commit():
    chart = ApplicationSource(repository="oci://ghcr.io/charts", target="1.2.3")
    state = a_state(sources=(chart, SOURCE), revisions=("1.2.3", OLD), operation=None)
    found = stand(looked(state), a_deployment(), REPO, NOW)
    assert (found.step, found.positions) == (Step.SYNC, (2,))


def decided(deployment: Deployment, *states: ApplicationState | Unknown, keys: str, later: Any = ()) -> Any:
    rules = BASE_RULES.replace("    merge: auto\n", f"    merge: auto\n    {keys}\n", 1)
    environment = policy(rules).environment("dev")
    assert environment is not None
    return decide_deployment(
        DeploymentFacts(
            deployment=deployment,
            environment=environment,
            config=REPO,
            applications=tuple(
                ApplicationLook(application=application, state=state, contains={MERGE: True})
                for application, state in zip(environment.argocd, states, strict=True)
            ),
            later=tuple(later),
            now=NOW,
        )
    )


ARGOCD = "argocd: {application: dev, sync: auto}"


@pytest.mark.parametrize("state", sorted(set(S) - UNDERWAY, key=lambda each: each.value))
def test_what_is_not_underway_is_left_alone(state: DeploymentState):
    found = decided(a_deployment(state), a_state(), keys=ARGOCD)
    assert (found.to, found.sync, found.again_at) == (None, (), None)


@pytest.mark.parametrize(
    ("state", "reads", "to"),
    [
        (S.MERGED, a_state(), S.VERIFYING),
        (S.MERGED, a_state(operation=None), S.SYNCING),
        (S.MERGED, Unknown(why="down"), None),
        (S.SYNCING, a_state(), S.VERIFYING),
        (S.SYNCING, a_state(health="Progressing"), None),
        (S.SYNCING, Unknown(why="down"), None),
        (S.SYNCING, a_state(health="Degraded"), S.FAILED),
        (S.VERIFYING, a_state(), S.LIVE),
        (S.VERIFYING, a_state(health="Progressing"), None),
        (S.VERIFYING, a_state(health="Degraded"), S.FAILED),
        (S.VERIFYING, Unknown(why="down"), None),
    ],
)
def test_each_state_with_what_argo_cd_says(state: DeploymentState, reads: Any, to: DeploymentState | None):
    found = decided(a_deployment(state), reads, keys=ARGOCD)
    assert found.to is to
    assert (found.again_at is not None) is (to in (None, S.SYNCING))


def test_a_wait_without_an_end_looks_again_more_slowly():
    moving = decided(a_deployment(), a_state(health="Progressing"), keys=ARGOCD)
    silent = decided(a_deployment(), Unknown(why="down"), keys=ARGOCD)
    assert moving.again_at < silent.again_at


@pytest.mark.parametrize(("taken", "pause"), [(0, 5), (20, 5), (40, 10), (120, 30), (3600, 30)])
def test_the_longer_a_rollout_takes_the_more_rarely_it_is_looked_at(taken: int, pause: int):
    there = a_deployment(since=NOW - timedelta(seconds=taken))
    found = decided(there, a_state(health="Progressing"), keys=ARGOCD)
    assert found.again_at == NOW + timedelta(seconds=pause)


def test_a_later_merge_of_all_its_components_supersedes_it_and_of_some_does_not():
    two = {"api": Move(before=None, after=tag("a")), "web": Move(before=None, after=tag("b"))}
    both = a_deployment(components=two)
    later = a_deployment(pull_number=8, merged_at=NOW)
    assert decided(both, a_state(), keys=ARGOCD, later=[later]).to is None
    web = a_deployment(pull_number=9, merged_at=NOW, components={"web": two["web"]})
    found = decided(both, a_state(), keys=ARGOCD, later=[later, web])
    assert (found.to, found.why) == (S.SUPERSEDED, "#8, #9 changed its components again")


def test_an_environment_that_the_rules_do_not_name_any_more_fails():
    facts = DeploymentFacts(deployment=a_deployment(), environment=None, config=REPO, now=NOW)
    assert decide_deployment(facts).to is S.FAILED


def test_where_nothing_is_watched_a_merge_is_live():
    assert decided(a_deployment(S.MERGED), keys="soak: 1h").to is S.LIVE


CHECK = HttpCheck(name="api", url="https://api.example.com/", body_contains="ok", successes=2)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (HttpAnswer(status=200, body=b"ok"), ""),
        (HttpAnswer(status=204, body=b"ok"), "status 204, needed: 200"),
        (HttpAnswer(status=200, body=b"no"), "does not contain `ok`"),
        (HttpAnswer(status=200, body=b"\xff\xfe"), "does not contain"),
        (HttpAnswer(status=200, body=b"ok", took=timedelta(seconds=5)), ""),
        (HttpAnswer(status=200, body=b"ok", took=timedelta(seconds=5.1)), "it took 5.1 s to answer, needed: at most 5"),
        (HttpAnswer(status=None, trouble="api.example.com refused the connection"), "refused the connection"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(answer: HttpAnswer, says: str):
    found = verifying.trouble(CHECK, answer)
    assert says in found
    assert bool(found) is bool(says)


@pytest.mark.parametrize(
    ("pattern", "body", "fits"),
    [
        (r'"status":\s*"(ok|up)"', b'{"status":  "up"}', True),
        (r'"status":\s*"(ok|up)"', b'{"status": "down"}', False),
        (r"^v1\.7\.\d+$", b"v1.7.3", True),
        (r"\w", b"\xff\xfe", False),
        ("(", b"(", False),
    ],
)
def test_a_body_may_be_held_to_a_pattern(pattern: str, body: bytes, fits: bool):
    check = replace(CHECK, body_contains=None, body_matches=pattern)
    found = verifying.trouble(check, HttpAnswer(status=200, body=body))
    assert (not found) is fits
    assert fits or "its answer does not match" in found


def test_case_46_no_pattern_takes_for_ever_over_an_answer():
    check = replace(CHECK, body_contains=None, body_matches="(a+)+$")
    began = time.monotonic()
    assert "does not match" in verifying.trouble(check, HttpAnswer(status=200, body=b"a" * 1_000_000 + b"b"))
    assert time.monotonic() - began < 5


def a_part(progress: Progress | None, smoke: SmokeTest | None = None) -> verifying.Part:
    (found,) = verifying.parts(
        Verify(smoke=(smoke,)) if smoke else Verify(health=(CHECK,)),
        a_deployment(S.VERIFYING, progress={progress.key: progress} if progress else {}),
        ENDED,
    )
    return found


@pytest.mark.parametrize(
    ("count", "status", "after", "done"), [(0, 200, 1, False), (1, 200, 2, True), (1, 500, 0, False)]
)
def test_right_answers_are_counted_in_a_row(count: int, status: int, after: int, done: bool):
    before = Progress(key="health:api", at=ENDED, count=count)
    found = verifying.answered(a_part(before), CHECK, HttpAnswer(status=status, body=b"ok"), NOW)
    assert (found.count, found.done, found.failed) == (after, done, False)


def test_an_address_that_may_not_be_asked_cannot_become_right():
    answer = HttpAnswer(status=None, trouble="x leads to 10.0.0.1", blocked=True)
    assert verifying.answered(a_part(None), CHECK, answer, NOW).failed


@pytest.mark.parametrize(
    ("asked_at", "count", "late"),
    [
        (None, 0, False),
        (timedelta(minutes=29), 0, False),
        (timedelta(minutes=30), 0, True),
        (timedelta(minutes=30), 1, False),
    ],
)
def test_nothing_is_overdue_that_was_not_asked_after_its_time(asked_at: Any, count: int, late: bool):
    began = NOW - timedelta(minutes=30)
    progress = Progress(key="health:api", at=began + asked_at, count=count) if asked_at else None
    assert verifying.overdue(a_part(progress), Verify(health=(CHECK,)), began, NOW) is late


WORKFLOW = SmokeTest(name="e2e", repository="splattop/app", workflow=".github/workflows/e2e.yml")


@pytest.mark.parametrize(
    ("progress", "again"),
    [
        (None, True),
        (Progress(key="smoke:e2e", at=NOW, since=NOW), False),
        (Progress(key="smoke:e2e", at=NOW, since=NOW - timedelta(minutes=2)), True),
        (Progress(key="smoke:e2e", at=NOW, since=NOW - timedelta(minutes=2), run_id=5), False),
    ],
)
def test_a_workflow_is_dispatched_again_only_when_its_run_never_showed_up(progress: Any, again: bool):
    assert verifying.wants_dispatch(a_part(progress, WORKFLOW), None, NOW) is again


def test_a_workflow_whose_run_never_shows_up_is_dispatched_a_few_times_and_fails_when_its_time_is_over():
    progress: Progress | None = None
    dispatches, minutes = 0, 0
    while progress is None or not progress.failed:
        now, part = NOW + timedelta(minutes=minutes), a_part(progress, WORKFLOW)
        if verifying.wants_dispatch(part, None, now):
            progress, dispatches = verifying.dispatched(part, now), dispatches + 1
        else:
            progress = verifying.ran(part, WORKFLOW, None, now)
        minutes += 1
        assert minutes < 60
    assert (dispatches, minutes - 1) == (verifying.DISPATCHES, 15)
    assert "was dispatched and has not begun; that is over the 15 min" in progress.says


def test_every_state_after_the_merge_has_a_word_of_github_s():
    assert set(GITHUB) == set(S) - {S.OPENED, S.APPROVED, S.CLOSED}


def test_github_is_told_of_a_state_once():
    shown = mirrored(a_deployment(S.LIVE), pull("dev", "e" * 40))
    assert shown is not None
    assert (shown.state, shown.sha, shown.production) == ("success", MERGE, False)
    assert mirrored(a_deployment(S.LIVE, github_state="live"), pull("dev", "e" * 40)) is None


def test_the_story_has_a_line_for_each_step_and_keeps_to_one_line():
    steps = tuple(
        Transition(state=state, at=NOW, why="one\ntwo") for state in (S.OPENED, S.MERGED, S.SYNCING, S.LIVE)
    )
    found = lines(a_deployment(S.LIVE, transitions=steps))
    assert [line.split("**")[1] for line in found] == ["syncing", "live"]
    assert not any("\n" in line for line in found)


@pytest.mark.parametrize(
    ("state", "status", "conclusion"),
    [
        (S.SYNCING, "in_progress", None),
        (S.VERIFYING, "in_progress", None),
        (S.LIVE, "completed", "success"),
        (S.FAILED, "completed", "failure"),
        (S.ROLLING_BACK, "completed", "failure"),
        (S.ROLLED_BACK, "completed", "failure"),
        (S.SUPERSEDED, "completed", "neutral"),
    ],
)
def test_the_check_run_is_green_for_what_is_live_and_nothing_else(
    state: DeploymentState, status: str, conclusion: str | None
) -> None:
    check = shown(a_deployment(state), pull("dev", MERGE), (), syncs=True)
    assert check is not None
    assert (check.status, check.conclusion) == (status, conclusion)
