"""From a workflow run to a release: what is taken and what is refused (row R1, cases 28, 29, 31, 32, 36, 38)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.decide.release import (
    REASON_CODES,
    Accepted,
    NotOurs,
    Refused,
    branch_kind,
    choose_artifact,
    is_stale,
    judge_run,
    judge_tags,
    make_release,
    same_repository,
)
from bot.model.facts import Artifact, WorkflowRun
from bot.model.image import ComponentTag
from bot.model.policy import Source
from bot.model.release import Release

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SHA = "3f2a91c0" * 5
BUILD = ".github/workflows/build.yml"
APP = Source(
    name="app",
    repository="splattop/app",
    workflow=BUILD,
    branches=("main",),
    hotfix_branches=("hotfix/**",),
    events=("push",),
    artifact="component-tags",
    components={"api": "ghcr.io/splattop/api", "web": "ghcr.io/splattop/web"},
)
JOBS = replace(APP, name="jobs", repository="splattop/jobs", components={"jobs": "ghcr.io/splattop/jobs"})
RUN = WorkflowRun(
    id=6021,
    attempt=1,
    number=41,
    name="build",
    path=BUILD,
    event="push",
    branch="main",
    head_sha=SHA,
    status="completed",
    conclusion="success",
    repository_id=7,
    head_repository_id=7,
    url="https://github.com/splattop/app/actions/runs/6021",
    created_at=NOON,
    started_at=NOON,
)
FILE = Artifact(id=1, name="component-tags", size=400, expired=False, created_at=NOON)
TAG = ComponentTag(tag="1.7.3", sha="3f2a91c", digest="sha256:" + "0" * 64)


def release(**changes: object) -> Release:
    made = make_release(
        RUN, APP, {"api": TAG}, artifact_sha256="00", installation_id=3, repository="splattop/app", at=NOON
    )
    return replace(made, **changes)  # type: ignore[arg-type] # a table of field values


def test_a_green_run_of_a_named_workflow_on_a_named_branch_is_accepted() -> None:
    assert judge_run(RUN, 7, [APP]) == Accepted(source=APP, hotfix=False)


def test_a_run_on_a_hotfix_branch_is_accepted_as_such() -> None:
    assert judge_run(replace(RUN, branch="hotfix/a/b"), 7, [APP]) == Accepted(source=APP, hotfix=True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"event": "pull_request"}, "event_not_allowed"),
        ({"event": "pull_request_target"}, "event_not_allowed"),
        ({"event": "workflow_dispatch"}, "event_not_allowed"),
        ({"event": "Push"}, "event_not_allowed"),
        ({"branch": "feature"}, "branch_not_allowed"),
        ({"branch": "main2"}, "branch_not_allowed"),
        ({"branch": "refs/heads/main"}, "branch_not_allowed"),
        ({"branch": ""}, "branch_not_allowed"),
        ({"branch": None}, "branch_not_allowed"),
        ({"head_repository_id": 8}, "foreign_head"),
        ({"head_repository_id": None}, "foreign_head"),
    ],
)
def test_case_28_a_run_of_our_workflow_that_is_not_allowed_is_refused(
    change: dict[str, object], code: str
) -> None:
    verdict = judge_run(replace(RUN, **change), 7, [APP])  # type: ignore[arg-type] # a table of field values
    assert isinstance(verdict, Refused)
    assert verdict.code == code
    assert verdict.code in REASON_CODES


@pytest.mark.parametrize("path", [".github/workflows/other.yml", BUILD + "@main", BUILD.upper(), ""])
def test_case_28_a_workflow_with_the_right_name_and_another_path_is_not_ours(path: str) -> None:
    assert judge_run(replace(RUN, path=path, name="build"), 7, [APP]) == NotOurs()


def test_case_28_a_workflow_with_another_name_and_the_right_path_is_ours() -> None:
    assert isinstance(judge_run(replace(RUN, name="<b>anything</b>"), 7, [APP]), Accepted)


def test_a_run_of_another_repository_id_is_not_ours_whatever_its_name() -> None:
    assert judge_run(replace(RUN, repository_id=8, head_repository_id=8), 7, [APP]) == NotOurs()
    assert judge_run(RUN, 7, []) == NotOurs()


@pytest.mark.parametrize(
    ("status", "conclusion", "code"),
    [
        ("in_progress", None, "not_completed"),
        ("queued", "success", "not_completed"),
        ("in_progress", "success", "not_completed"),
        ("completed", "failure", "not_successful"),
        ("completed", "cancelled", "not_successful"),
        ("completed", "neutral", "not_successful"),
        ("completed", "skipped", "not_successful"),
        ("completed", None, "not_successful"),
    ],
)
def test_case_29_only_a_completed_and_successful_run_counts(
    status: str, conclusion: str | None, code: str
) -> None:
    verdict = judge_run(replace(RUN, status=status, conclusion=conclusion), 7, [APP])
    assert isinstance(verdict, Refused)
    assert verdict.code == code


def test_the_first_of_several_sources_that_accepts_the_run_counts() -> None:
    other = replace(APP, name="nightly", branches=("nightly",), hotfix_branches=())
    assert judge_run(RUN, 7, [other, APP]) == Accepted(source=APP, hotfix=False)


def test_the_refusal_of_several_sources_that_came_furthest_is_told() -> None:
    other = replace(APP, name="nightly", branches=("nightly",), hotfix_branches=())
    verdict = judge_run(replace(RUN, conclusion="failure"), 7, [APP, other])
    assert isinstance(verdict, Refused)
    assert verdict.code == "not_successful"


def test_a_refusal_shows_what_the_other_side_wrote_only_as_code() -> None:
    verdict = judge_run(replace(RUN, branch="@org/all `x` <!-- m -->"), 7, [APP])
    assert isinstance(verdict, Refused)
    assert "``@org/all `x`" in verdict.message
    assert "<!--" not in verdict.message


@pytest.mark.parametrize(
    ("branch", "kind"),
    [("main", "release"), ("hotfix/x", "hotfix"), ("feature", None), (None, None), ("", None)],
)
def test_a_branch_is_of_one_kind(branch: str | None, kind: str | None) -> None:
    assert branch_kind(APP, branch) == kind


def test_the_single_artifact_of_that_name_is_chosen() -> None:
    others = [replace(FILE, id=2, name="coverage"), replace(FILE, id=3, name="component-tags-2")]
    assert choose_artifact([*others, FILE], "component-tags", RUN) == FILE


def test_the_first_attempts_artifact_needs_no_date() -> None:
    undated = replace(FILE, created_at=None)
    assert choose_artifact([undated], "component-tags", RUN) == undated


@pytest.mark.parametrize(
    ("artifacts", "attempt", "code"),
    [
        ([], 1, "no_artifact"),
        ([replace(FILE, name="Component-Tags")], 1, "no_artifact"),
        ([replace(FILE, expired=True)], 1, "artifact_expired"),
        ([FILE, replace(FILE, id=2)], 1, "several_artifacts"),
        ([FILE, replace(FILE, id=2)], 2, "several_artifacts"),
        ([replace(FILE, created_at=NOON - timedelta(seconds=1))], 2, "no_artifact"),
        ([replace(FILE, created_at=None)], 2, "no_artifact"),
    ],
)
def test_case_31_anything_but_one_living_artifact_is_refused(
    artifacts: list[Artifact], attempt: int, code: str
) -> None:
    chosen = choose_artifact(artifacts, "component-tags", replace(RUN, attempt=attempt))
    assert isinstance(chosen, Refused)
    assert chosen.code == code


def test_case_31_only_the_latest_attempts_artifact_is_used() -> None:
    old = replace(FILE, id=2, created_at=NOON - timedelta(hours=1))
    assert choose_artifact([old, FILE], "component-tags", replace(RUN, attempt=2)) == FILE


def test_case_31_a_second_attempt_without_a_start_is_refused() -> None:
    chosen = choose_artifact([FILE], "component-tags", replace(RUN, attempt=2, started_at=None))
    assert isinstance(chosen, Refused)
    assert chosen.code == "no_artifact"


def test_an_expired_artifact_beside_a_living_one_does_not_count() -> None:
    assert choose_artifact([replace(FILE, id=2, expired=True), FILE], "component-tags", RUN) == FILE


@pytest.mark.parametrize("sha", [SHA[:7], SHA[:12], SHA])
def test_components_of_this_source_built_from_this_commit_are_well(sha: str) -> None:
    tags = {"api": replace(TAG, sha=sha), "web": TAG}
    assert judge_tags(tags, RUN, APP, [APP, JOBS]) is None


def test_case_32_a_component_of_another_source_refuses_the_whole_artifact_and_names_it() -> None:
    verdict = judge_tags({"api": TAG, "jobs": TAG}, RUN, APP, [APP, JOBS])
    assert verdict is not None
    assert verdict.code == "component_not_owned"
    assert verdict.message == "component `jobs` belongs to source jobs, not to app; nothing is taken"


def test_case_32_a_component_of_no_source_refuses_the_whole_artifact() -> None:
    verdict = judge_tags({"api": TAG, "new": TAG}, RUN, APP, [APP, JOBS])
    assert verdict is not None
    assert verdict.code == "component_not_owned"
    assert "no source in the rules file" in verdict.message


@pytest.mark.parametrize("sha", ["0000000", SHA[1:9], SHA + "0", SHA[:-1] + "f"])
def test_case_36_a_component_built_from_another_commit_refuses_the_mixed_set(sha: str) -> None:
    verdict = judge_tags({"api": TAG, "web": replace(TAG, sha=sha)}, RUN, APP, [APP])
    assert verdict is not None
    assert verdict.code == "sha_mismatch"
    assert "web.sha" in verdict.message


@pytest.mark.parametrize(
    ("run_id", "attempt", "stale"),
    [(6020, 1, True), (6020, 9, True), (6021, 1, True), (6021, 2, False), (6021, 3, False), (6022, 1, False)],
)
def test_case_36_a_run_older_than_the_newest_release_is_stale(run_id: int, attempt: int, stale: bool) -> None:
    newest = release(run_attempt=2)
    assert is_stale(replace(RUN, id=run_id, attempt=attempt), newest) is stale
    assert is_stale(release(run_id=run_id, run_attempt=attempt), newest) is stale


def test_a_workflow_file_that_starts_counting_again_hands_over_newer_releases() -> None:
    assert not is_stale(replace(RUN, id=9000, number=1), release())


def test_without_a_release_before_nothing_is_stale() -> None:
    assert not is_stale(RUN, None)


def test_a_release_is_named_after_source_run_and_attempt() -> None:
    made = release()
    assert made.id == "app@6021.1"
    assert (made.repository, made.source_repository_id, made.installation_id) == ("splattop/app", 7, 3)
    assert (made.run_number, made.branch, made.event, made.head_sha) == (41, "main", "push", SHA)
    assert made.components == {"api": TAG}
    assert made.accepted_at == NOON


@pytest.mark.parametrize(
    "found",
    [
        "ghcr.io.evil.tld/splattop/api",
        "ghcr.io@evil/splattop/api",
        "ghcr.io/splattop-evil/api",
        "ghcr.io:443/splattop/api",
        "ghсr.io/splattop/api",
        "GHCR.io/splattop/api",
        "https://ghcr.io/splattop/api",
        "ghcr.io/splattop/api/",
        "ghcr.io//splattop/api",
        "ghcr.io/splattop/api/x",
        "ghcr.io/splattop/api\n",
        " ghcr.io/splattop/api",
        "splattop/api",
        "",
    ],
)
def test_case_38_a_look_alike_repository_is_another_repository(found: str) -> None:
    assert not same_repository(found, "ghcr.io/splattop/api")


def test_case_38_the_same_repository_is_the_same() -> None:
    assert same_repository("ghcr.io/splattop/api", "ghcr.io/splattop/api")
