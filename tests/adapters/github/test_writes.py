"""Every action against the local GitHub: what it leaves behind, and the requests that it took."""

from __future__ import annotations

from typing import Any

import pytest

from bot.adapters.github import writes_checks
from bot.errors import Retryable, Stale, Terminal
from bot.model.action import (
    AddLabels,
    ClosePull,
    CommentOnCommit,
    DeleteBranch,
    EditPull,
    MergePull,
    PutComment,
    React,
    RewritePull,
    SetCheck,
)
from bot.model.verdict import Annotation
from tests.adapters.github.local import APP, BRANCH, BUMPED, CONFIG, CRLF, DEV, STAGING, Local, check

GRAPHQL = "POST /graphql"


def rewriting(local: Local, opened: Any, **fields: Any) -> RewritePull:
    given: dict[str, Any] = {
        "because": "a newer release",
        "number": opened["number"],
        "node_id": opened["node_id"],
        "branch": BRANCH,
        "expected_head": opened["head_sha"],
        "base_sha": local.base,
        "files": {STAGING: b"api:\n  tag: 1.2.0"},
        "message": "Promote api 1.2.0 to staging",
        "title": "Promote api 1.2.0 to staging",
        "body": "Newer.",
        "checks": ("lockstep: main",),
    }
    return RewritePull(**(given | fields))


# opening ------------------------------------------------------------------------------------------------
def test_opening_takes_two_requests_also_with_labels_that_do_not_exist(local: Local) -> None:
    with local.counting() as made:
        local.opened()
    assert made == [GRAPHQL, GRAPHQL]


def test_an_opened_pull_request_has_all_that_was_asked_for(local: Local) -> None:
    base = local.base
    result = local.opened().result
    pull = local.pull(result["number"])
    assert (pull.title, pull.body, pull.base_ref, pull.head_sha) == (
        "Promote api 1.1.0 to staging",
        "What moves.",
        "main",
        result["head_sha"],
    )
    assert {each.name for each in pull.labels} == {"automation:release-bump", "env:staging"}
    commit = local.hub.repo(CONFIG).git.commit(result["head_sha"])
    assert commit.message.rstrip("\n") == "Promote api 1.1.0 to staging\n\nRelease: app@1.1"
    assert [str(parent) for parent in commit.parent_ids] == [base]
    assert result["head_sha"] in local.hub.repo(CONFIG).verified
    runs = local.hub.checks(CONFIG, BRANCH)
    assert {name: run.status for name, run in runs.items()} == {
        "lockstep: main": "queued",
        "lockstep: main / gates": "queued",
    }


@pytest.mark.parametrize("data", [CRLF, b"", b"caf\xe9 \xff\n", "täg: ✓\n".encode()])
def test_the_bytes_of_a_file_arrive_as_they_are(local: Local, data: bytes) -> None:
    local.opened(files={DEV: data + b"# changed"})
    assert local.hub.file(CONFIG, BRANCH, DEV) == data + b"# changed"


def test_labels_that_exist_but_were_never_seen_are_used(local: Local) -> None:
    local.opened()
    fresh = local.app.installation(local.installation_id)
    fresh._channel.shared.known.forget_labels(local.config.id)
    result = fresh.apply(local.config, [local.opening(branch="lockstep/dev/app")])[0].result
    assert len(local.pull(result["number"]).labels) == 2


def test_case_21_a_branch_that_lacks_its_pull_request_gets_just_that(local: Local) -> None:
    sha = local.hub.push(CONFIG, BRANCH, {STAGING: BUMPED}, by="ana")
    result = local.opened(branch_sha=sha).result
    assert (result["head_sha"], local.pull(result["number"]).head_sha) == (sha, sha)
    assert local.hub.sha(CONFIG, BRANCH) == sha


def test_a_branch_that_was_there_before_us_is_left_alone(local: Local) -> None:
    sha = local.hub.push(CONFIG, BRANCH, {"theirs.txt": b"work"}, by="ana")
    with pytest.raises(Stale, match="already exists"):
        local.opened()
    assert local.hub.sha(CONFIG, BRANCH) == sha
    assert local.hub.pulls(CONFIG, "open") == []


def test_case_21_an_empty_branch_left_by_a_killed_run_is_taken_up(local: Local) -> None:
    local.hub.point(CONFIG, BRANCH, local.base, by="ana")
    result = local.opened().result
    assert local.pull(result["number"]).head_sha == result["head_sha"] == local.hub.sha(CONFIG, BRANCH)


def test_case_21_a_branch_whose_commit_was_refused_is_not_left_behind(local: Local) -> None:
    with pytest.raises(Terminal):
        local.opened(files={".github/workflows/x.yml": b"on: push"})
    assert local.hub.sha(CONFIG, BRANCH) is None


def test_a_second_pull_request_of_the_same_branch_is_stale(local: Local) -> None:
    sha = local.opened().result["head_sha"]
    with pytest.raises(Stale, match="already exists"):
        local.opened(branch_sha=sha)
    assert len(local.hub.pulls(CONFIG, "all")) == 1


def test_a_base_that_has_moved_on_still_opens_on_the_commit_that_was_judged(local: Local) -> None:
    opening = local.opening()
    local.hub.push(CONFIG, "main", {"x": b"1"}, by="ana")
    result = local.apply(opening)[0].result
    parents = local.hub.repo(CONFIG).git.commit(result["head_sha"]).parent_ids
    assert [str(parent) for parent in parents] == [opening.base_sha]


@pytest.mark.parametrize("operation", ["createPullRequest", "addLabelsToLabelable"])
def test_a_failure_after_success_is_never_repeated_by_itself(local: Local, operation: str) -> None:
    local.hub.faults.performs_then_fails(502, operation=operation)
    with local.counting() as made, pytest.raises(Retryable):
        local.opened()
    assert len(made) == (1 if operation == "createPullRequest" else 2)
    assert len(local.hub.pulls(CONFIG, "all")) == 1


@pytest.mark.parametrize("operation", ["createPullRequest", "addLabelsToLabelable"])
def test_a_dropped_connection_is_never_repeated_by_itself(local: Local, operation: str) -> None:
    local.hub.faults.drops_connection(operation=operation, performs=True)
    with pytest.raises(Retryable):
        local.opened()
    assert len(local.hub.pulls(CONFIG, "all")) == 1


def test_case_18_a_token_that_ends_in_the_middle_is_renewed_and_nothing_is_written_twice(
    local: Local,
) -> None:
    tokens = local.hub.world.tokens
    local.hub.faults.before(lambda _call: tokens.clear(), operation="createPullRequest")
    with local.counting() as made:
        result = local.opened().result
    assert made == [GRAPHQL, GRAPHQL, GRAPHQL]
    assert local.github.requests["token"] == 2
    assert len(local.pull(result["number"]).labels) == 2
    assert len(local.hub.repo(CONFIG).check_runs) == 2


def test_what_was_done_before_an_error_is_kept_as_receipts(local: Local) -> None:
    local.hub.faults.fails(502, operation="addLabelsToLabelable")
    with pytest.raises(Retryable):
        local.opened()
    assert [receipt.result["number"] for receipt in local.github.receipts] == [
        local.hub.pulls(CONFIG)[0].number
    ]


# rewriting ----------------------------------------------------------------------------------------------
def test_rewriting_replaces_the_commit_and_never_closes_the_pull_request(local: Local) -> None:
    opened = local.opened().result
    base = local.hub.push(CONFIG, "main", {"x": b"1"}, by="ana")
    result = local.apply(rewriting(local, opened))[0].result
    pull = local.pull(opened["number"])
    assert (pull.state, pull.title, pull.head_sha) == (
        "open",
        "Promote api 1.2.0 to staging",
        result["head_sha"],
    )
    commit = local.hub.repo(CONFIG).git.commit(result["head_sha"])
    assert [str(parent) for parent in commit.parent_ids] == [base]
    assert local.hub.file(CONFIG, BRANCH, STAGING) == b"api:\n  tag: 1.2.0"
    assert result["head_sha"] in local.hub.repo(CONFIG).verified
    assert list(local.hub.checks(CONFIG, BRANCH)) == ["lockstep: main"]


def test_rewriting_takes_four_requests_after_a_look(local: Local) -> None:
    opened = local.opened().result
    local.github.environment(local.config, files=[STAGING], branches=[BRANCH])
    with local.counting() as made:
        local.apply(rewriting(local, opened))
    assert made == [
        f"POST /repos/{CONFIG}/git/trees",
        f"POST /repos/{CONFIG}/git/commits",
        GRAPHQL,
        GRAPHQL,
    ]


@pytest.mark.parametrize("data", [CRLF, b"caf\xe9 \xff\n", "täg: ✓\r\n".encode()])
def test_a_rewritten_file_holds_exactly_its_bytes(local: Local, data: bytes) -> None:
    opened = local.opened().result
    local.apply(rewriting(local, opened, files={DEV: data + b"# changed"}))
    assert local.hub.file(CONFIG, BRANCH, DEV) == data + b"# changed"


def test_a_push_by_a_person_is_never_overwritten(local: Local) -> None:
    opened = local.opened().result
    theirs = local.hub.push(CONFIG, BRANCH, {"theirs.txt": b"work"}, by="ana")
    with pytest.raises(Stale, match="no longer at"):
        local.apply(rewriting(local, opened))
    assert local.hub.sha(CONFIG, BRANCH) == theirs
    assert local.pull(opened["number"]).title == "Promote api 1.1.0 to staging"


def test_a_push_between_commit_and_move_is_never_overwritten(local: Local) -> None:
    opened = local.opened().result
    pushed: list[str] = []
    local.hub.faults.before(
        lambda _call: pushed.append(local.hub.push(CONFIG, BRANCH, {"theirs.txt": b"work"}, by="ana")),
        operation="updateRefs",
    )
    with pytest.raises(Stale):
        local.apply(rewriting(local, opened))
    assert local.hub.sha(CONFIG, BRANCH) == pushed[0]


# editing, closing, deleting -------------------------------------------------------------------------------
def test_adjacent_actions_share_one_request(local: Local) -> None:
    opened = local.opened().result
    number, node, head = opened["number"], opened["node_id"], opened["head_sha"]
    with local.counting() as made:
        local.apply(
            SetCheck(because="x", check=check(local, head)),
            AddLabels(because="x", number=number, node_id=node, labels=("env:staging",)),
            PutComment(because="x", number=number, node_id=node, marker="<!-- a -->", body="Story."),
            EditPull(because="x", number=number, node_id=node, title="New title", body="New body."),
        )
    assert made == [GRAPHQL]
    pull = local.pull(number)
    assert (pull.title, pull.body, [each.body for each in pull.comments]) == (
        "New title",
        "New body.",
        ["Story."],
    )
    assert local.hub.checks(CONFIG, head)["lockstep: main"].conclusion == "success"


def test_no_actions_make_no_request(local: Local) -> None:
    with local.counting() as made:
        assert local.apply() == ()
    assert made == []


def test_closing_labels_closes_and_deletes_the_branch(local: Local) -> None:
    opened = local.opened().result
    receipt = local.apply(
        ClosePull(
            because="superseded",
            number=opened["number"],
            node_id=opened["node_id"],
            branch=BRANCH,
            expected_head=opened["head_sha"],
            labels=("lockstep:superseded",),
        )
    )[0]
    pull = local.pull(opened["number"])
    assert pull.state == "closed"
    assert "lockstep:superseded" in {each.name for each in pull.labels}
    assert local.hub.sha(CONFIG, BRANCH) is None
    assert receipt.result == {"closed": True, "branch": "deleted"}


def test_closing_keeps_a_branch_that_a_person_pushed_to(local: Local) -> None:
    opened = local.opened().result
    theirs = local.hub.push(CONFIG, BRANCH, {"theirs.txt": b"work"}, by="ana")
    receipt = local.apply(
        ClosePull(
            because="superseded",
            number=opened["number"],
            node_id=opened["node_id"],
            branch=BRANCH,
            expected_head=opened["head_sha"],
        )
    )[0]
    assert (local.pull(opened["number"]).state, local.hub.sha(CONFIG, BRANCH)) == ("closed", theirs)
    assert receipt.result["branch"].startswith("kept")


def test_deleting_a_branch_deletes_it(local: Local) -> None:
    sha = local.hub.push(CONFIG, BRANCH, {"x": b"1"}, by="ana")
    receipt = local.apply(DeleteBranch(because="x", branch=BRANCH, expected_head=sha))[0]
    assert (local.hub.sha(CONFIG, BRANCH), receipt.result) == (None, {"branch": "deleted"})


def test_deleting_a_branch_that_is_gone_is_done_already(local: Local) -> None:
    receipt = local.apply(DeleteBranch(because="x", branch=BRANCH, expected_head=local.base))[0]
    assert receipt.result == {"branch": "gone already"}


def test_a_branch_that_moved_is_not_deleted(local: Local) -> None:
    sha = local.hub.push(CONFIG, BRANCH, {"x": b"1"}, by="ana")
    with pytest.raises(Stale, match="no longer at"):
        local.apply(DeleteBranch(because="x", branch=BRANCH, expected_head=local.base))
    assert local.hub.sha(CONFIG, BRANCH) == sha


# checks, comments, reactions ------------------------------------------------------------------------------
def test_a_check_run_is_renewed_where_it_stands(local: Local) -> None:
    opened = local.opened(checks=("lockstep: main",)).result
    before = local.hub.checks(CONFIG, BRANCH)["lockstep: main"]
    local.apply(SetCheck(because="x", check=check(local, opened["head_sha"]), existing=before.node_id))
    after = local.hub.checks(CONFIG, BRANCH)["lockstep: main"]
    assert (after.id, after.status, after.conclusion) == (before.id, "completed", "success")


def test_a_finished_check_that_is_unfinished_again_is_a_new_run(local: Local) -> None:
    opened = local.opened(checks=()).result
    first = local.apply(SetCheck(because="x", check=check(local, opened["head_sha"])))[0].result["check_run"]
    waiting = check(local, opened["head_sha"], status="in_progress", conclusion=None)
    second = local.apply(SetCheck(because="x", check=waiting, existing=first))[0].result["check_run"]
    assert second != first
    assert local.hub.checks(CONFIG, BRANCH)["lockstep: main"].status == "in_progress"


def test_annotations_that_no_longer_hold_go_with_their_run(local: Local) -> None:
    opened = local.opened(checks=()).result
    head, number = opened["head_sha"], opened["number"]
    remarks = (Annotation(path=STAGING, line=1, message="no"),)
    local.apply(
        SetCheck(because="x", check=check(local, head, conclusion="failure", annotations=remarks)),
    )
    fresh = local.app.installation(local.installation_id)
    found = fresh.pull(local.config.id, number, files=[])
    assert found is not None
    local.apply(SetCheck(because="x", check=check(local, head), existing=found.own_checks[0].id))
    run = local.hub.checks(CONFIG, BRANCH)["lockstep: main"]
    assert (run.conclusion, run.annotations) == ("success", [])


@pytest.mark.parametrize(("count", "requests"), [(1, 1), (50, 1), (51, 2), (120, 2)])
def test_more_than_fifty_annotations_come_in_portions(local: Local, count: int, requests: int) -> None:
    remarks = tuple(Annotation(path=STAGING, line=line, message="no") for line in range(1, count + 1))
    failed = check(local, local.base, conclusion="failure", annotations=remarks)
    with local.counting() as made:
        local.apply(SetCheck(because="x", check=failed))
    assert made == [GRAPHQL] * requests
    run = local.hub.checks(CONFIG, "main")["lockstep: main"]
    assert [each["start_line"] for each in run.annotations] == list(range(1, count + 1))


def test_texts_that_are_too_long_are_cut_visibly(local: Local) -> None:
    long = check(local, local.base, title="t" * 300, summary="ä" * 70_000, text="x" * 70_000)
    local.apply(SetCheck(because="x", check=long))
    output = local.hub.checks(CONFIG, "main")["lockstep: main"].output
    assert len(output["title"]) <= 255
    assert output["title"].endswith("…")
    assert len(output["summary"].encode()) <= 65_535
    assert "cut" in output["summary"][-40:]
    assert len(output["text"]) <= 65_535


@pytest.mark.parametrize("renewed", [False, True])
def test_case_75_a_conclusion_is_delivered_when_github_does_not_take_the_text(
    local: Local, monkeypatch: pytest.MonkeyPatch, renewed: bool
) -> None:
    monkeypatch.setattr(writes_checks, "CHECK_TEXT", 10**6)
    long = check(local, local.base, conclusion="failure", summary="x" * 70_000)
    existing = None
    if renewed:
        first = check(local, local.base, conclusion="success")
        existing = str(local.apply(SetCheck(because="x", check=first))[0].result["check_run"])
    local.apply(SetCheck(because="x", check=long, existing=existing))
    run = local.hub.checks(CONFIG, "main")["lockstep: main"]
    assert run.conclusion == "failure"
    assert "did not take the whole text" in run.output["summary"]


@pytest.mark.parametrize("renewed", [False, True])
def test_case_75_a_conclusion_on_a_commit_is_delivered_when_github_does_not_take_the_text(
    local: Local, renewed: bool
) -> None:
    sha = local.hub.sha(APP, "main") or ""
    if renewed:
        first = check(local, sha, name="lockstep: release", conclusion="success")
        local.apply(CommentOnCommit(because="x", repository=APP, check=first))
    path = "/check-runs/[0-9]+$" if renewed else f"/repos/{APP}/check-runs$"
    local.hub.faults.fails(422, path_pattern=path, times=1)
    long = check(local, sha, name="lockstep: release", conclusion="failure", summary="x" * 60_000)
    local.apply(CommentOnCommit(because="x", repository=APP, check=long))
    run = local.hub.checks(APP, "main")["lockstep: release"]
    assert run.conclusion == "failure"
    assert "did not take the whole text" in run.output["summary"]


def test_a_finished_check_without_a_conclusion_is_a_mistake(local: Local) -> None:
    with pytest.raises(Terminal, match="conclusion None"):
        local.apply(SetCheck(because="x", check=check(local, local.base, conclusion=None)))


def test_a_comment_is_written_once_and_then_renewed(local: Local) -> None:
    opened = local.opened().result
    given: dict[str, Any] = {
        "because": "x",
        "number": opened["number"],
        "node_id": opened["node_id"],
        "marker": "<!-- a -->",
    }
    first = local.apply(PutComment(**given, body="one"))[0].result
    local.apply(PutComment(**given, body="two", existing=first["comment"]))
    assert [each.body for each in local.pull(opened["number"]).comments] == ["two"]


def test_a_comment_that_was_deleted_meanwhile_is_stale(local: Local) -> None:
    opened = local.opened().result
    given: dict[str, Any] = {
        "because": "x",
        "number": opened["number"],
        "node_id": opened["node_id"],
        "marker": "<!-- a -->",
    }
    first = local.apply(PutComment(**given, body="one"))[0].result
    pull = local.pull(opened["number"])
    local.hub.delete_comment(next(iter(pull.comments)), "ana")
    with pytest.raises(Stale):
        local.apply(PutComment(**given, body="two", existing=first["comment"]))


def test_a_reaction_is_given(local: Local) -> None:
    opened = local.opened().result
    comment = local.hub.comment(local.pull(opened["number"]), "ana", "/promote")
    local.apply(React(because="x", comment_node_id=comment.node_id, content="THUMBS_UP"))
    assert [each.content for each in comment.reactions] == ["+1"]


def test_a_reaction_to_a_comment_that_is_gone_is_no_trouble(local: Local) -> None:
    receipt = local.apply(React(because="x", comment_node_id="IC_kwDOnothing", content="EYES"))[0]
    assert receipt.result == {"reaction": None, "gone": True}


def test_an_author_is_told_on_the_commit_of_another_repository(local: Local) -> None:
    sha = local.hub.sha(APP, "main") or ""
    remarks = tuple(Annotation(path="component-tags.json", line=1, message="no") for _ in range(60))
    told = check(local, sha, name="lockstep: release", conclusion="failure", annotations=remarks)
    with local.counting() as made:
        local.apply(CommentOnCommit(because="x", repository=APP, check=told))
    assert (
        len(made) == 3
    )  # is it there already; the check run; the annotations that do not fit into one request
    run = local.hub.checks(APP, "main")["lockstep: release"]
    assert (run.conclusion, len(run.annotations)) == ("failure", 60)


# merging --------------------------------------------------------------------------------------------------
def merging(opened: Any, **fields: Any) -> MergePull:
    given = {
        "because": "all green",
        "number": opened["number"],
        "expected_head": opened["head_sha"],
        "title": "Promote api 1.1.0 to staging (#1)",
        "message": "Release: app@1.1",
    }
    return MergePull(**(given | fields))  # type: ignore[arg-type]  # the fields are each test's own


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_tells_its_commit(local: Local, method: str) -> None:
    opened = local.opened().result
    with local.counting() as made:
        receipt = local.apply(merging(opened, method=method))[0]
    assert made == [f"PUT /repos/{CONFIG}/pulls/{opened['number']}/merge"]
    assert receipt.result == {"merged": True, "merge_sha": local.base}


def test_case_76_a_head_that_moved_is_not_merged(local: Local) -> None:
    opened = local.opened().result
    local.hub.faults.swap_head_on_merge(by="ana")
    with pytest.raises(Stale, match="head moved"):
        local.apply(merging(opened))
    assert local.pull(opened["number"]).state == "open"


def test_a_base_that_was_modified_is_looked_at_again(local: Local) -> None:
    opened = local.opened().result
    local.hub.faults.base_modified_on_merge()
    with local.counting() as made, pytest.raises(Stale, match="base moved"):
        local.apply(merging(opened))
    assert len(made) == 1


def test_a_merge_that_github_forbids_is_told_in_its_words(local: Local) -> None:
    opened = local.opened().result
    local.hub.protect(CONFIG, "main", reviews=1)
    receipt = local.apply(merging(opened))[0]
    assert receipt.result["merged"] is False
    assert "review" in receipt.result["refused"]


@pytest.mark.parametrize("performs", [False, True])
def test_a_merge_without_an_answer_is_looked_at_later(local: Local, performs: bool) -> None:
    opened = local.opened().result
    faults = local.hub.faults
    (faults.performs_then_fails if performs else faults.fails)(502, method="PUT")
    with local.counting() as made, pytest.raises(Retryable):
        local.apply(merging(opened))
    assert len(made) == 1


def test_case_22_a_merge_that_was_made_already_is_refused_and_made_no_second_time(local: Local) -> None:
    opened = local.opened().result
    local.apply(merging(opened))
    merged = local.base
    receipt = local.apply(merging(opened))[0]
    assert receipt.result["merged"] is False
    assert local.base == merged


def test_actions_keep_their_order_around_a_merge(local: Local) -> None:
    opened = local.opened().result
    with local.counting() as made:
        receipts = local.apply(
            SetCheck(because="x", check=check(local, opened["head_sha"])),
            PutComment(
                because="x", number=1, node_id=opened["node_id"], marker="<!-- a -->", body="Merging."
            ),
            merging(opened),
        )
    assert made == [GRAPHQL, f"PUT /repos/{CONFIG}/pulls/{opened['number']}/merge"]
    assert [sorted(each.result) for each in receipts] == [
        ["check_run", "url"],
        ["comment", "url"],
        ["merge_sha", "merged"],
    ]
