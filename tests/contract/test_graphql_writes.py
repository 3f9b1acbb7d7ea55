"""What GraphQL writes: each mutation by itself, its refusals in GitHub's words, the same effects as REST."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from bot.sandbox import actions
from bot.sandbox.state import Protection
from tests.contract.small_world import Small

COMMIT = """mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) {
    clientMutationId commit { oid message signature { isValid } } ref { name target { oid } } } }"""


def _commit_input(head: str, **changes: Any) -> dict[str, Any]:
    contents = base64.b64encode(b"api:\n  tag: 1.1.0\n").decode()
    return {
        "branch": {"repositoryNameWithOwner": "octo/config", "branchName": "main"},
        "expectedHeadOid": head,
        "message": {"headline": "Promote api", "body": "Release: 1.1.0"},
        "fileChanges": {
            "additions": [{"path": "helm/values-dev.yaml", "contents": contents}],
            "deletions": [{"path": "README.md"}],
        },
        "clientMutationId": "mine",
        **changes,
    }


def test_a_commit_on_a_branch_is_signed_and_pushes(small: Small) -> None:
    made = small.data(COMMIT, input=_commit_input(small.head))["createCommitOnBranch"]
    assert made["clientMutationId"] == "mine"
    assert made["commit"]["message"] == "Promote api\n\nRelease: 1.1.0"
    assert made["commit"]["signature"] == {"isValid": True}
    assert made["ref"] == {"name": "main", "target": {"oid": small.head}}
    assert made["commit"]["oid"] == small.head
    assert small.repo.git.read(small.head, "README.md") is None
    assert small.repo.git.read(small.head, "helm/values-dev.yaml") == b"api:\n  tag: 1.1.0\n"
    assert [e.name for e in small.events if e.name == "push"] == ["push"]


def test_a_commit_on_a_branch_that_moved_is_stale(small: Small) -> None:
    old = small.head
    small.push("main", {"a": b"1"})
    now = small.head
    error = small.error(COMMIT, input=_commit_input(old))
    assert error["type"] == "STALE_DATA"
    assert error["message"] == f'Expected branch to point to "{old}" but it did not. Pull and try again.'
    assert error["path"] == ["createCommitOnBranch"]
    assert small.head == now


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"branch": {"repositoryNameWithOwner": "octo/config", "branchName": "nope"}}, "NOT_FOUND"),
        ({"branch": {"repositoryNameWithOwner": "octo/nope", "branchName": "main"}}, "NOT_FOUND"),
        ({"branch": {"branchName": "main"}}, "UNPROCESSABLE"),
        ({"fileChanges": {"deletions": [{"path": "nope"}]}}, "UNPROCESSABLE"),
        ({"fileChanges": {"additions": [{"path": "a", "contents": "no base64!"}]}}, "UNPROCESSABLE"),
    ],
)
def test_a_commit_that_cannot_be_made_says_why_and_changes_nothing(
    small: Small, change: dict[str, Any], kind: str
) -> None:
    before = small.head
    assert small.error(COMMIT, input=_commit_input(before, **change))["type"] == kind
    assert small.head == before


def test_a_commit_needs_the_contents_permission_for_writing(small: Small) -> None:
    error = small.error(COMMIT, small.limited(contents="read"), input=_commit_input(small.head))
    assert (error["type"], error["message"]) == ("FORBIDDEN", "Resource not accessible by integration")


def test_a_person_without_write_access_is_told_which_mutation_it_was(small: Small) -> None:
    small.repo.collaborators["eve"] = "read"
    error = small.error(COMMIT, small.person("eve"), input=_commit_input(small.head))
    text = "eve does not have the correct permissions to execute `CreateCommitOnBranch`"
    assert (error["type"], error["message"]) == ("FORBIDDEN", text)


def test_an_object_id_that_is_none_is_refused_before_anything_runs(small: Small) -> None:
    body = small.ask(COMMIT, input=_commit_input("abc"))
    assert "data" not in body
    assert "GitObjectID" in body["errors"][0]["message"]


def test_a_branch_and_its_pull_request_are_made_in_one_document(small: Small) -> None:
    branch = small.data(
        """mutation($input: CreateRefInput!) { createRef(input: $input) { ref { id name prefix } } }""",
        input={"repositoryId": small.repo.node_id, "name": "refs/heads/lockstep/dev/app", "oid": small.head},
    )["createRef"]["ref"]
    assert (branch["name"], branch["prefix"]) == ("lockstep/dev/app", "refs/heads/")
    changed = _commit_input(small.head, branch={"id": branch["id"]})
    label = actions.create_label(small.world, small.bot, small.repo, "automation:release-bump")
    found = small.data(
        """mutation($commit: CreateCommitOnBranchInput!, $pull: CreatePullRequestInput!) {
        createCommitOnBranch(input: $commit) { commit { oid } }
        createPullRequest(input: $pull) { pullRequest { id number isDraft headRefOid author { login } } } }""",
        commit=changed,
        pull={
            "repositoryId": small.repo.node_id,
            "title": "Promote api 1.1.0 to dev",
            "body": "What moves",
            "baseRefName": "main",
            "headRefName": "lockstep/dev/app",
        },
    )
    pull = found["createPullRequest"]["pullRequest"]
    assert pull["headRefOid"] == found["createCommitOnBranch"]["commit"]["oid"]
    assert pull["author"] == {"login": "lockstep"}
    labelled = small.data(
        """mutation($input: AddLabelsToLabelableInput!) { addLabelsToLabelable(input: $input) {
        labelable { labels(first: 5) { nodes { name } } } } }""",
        input={"labelableId": pull["id"], "labelIds": [label.node_id]},
    )
    nodes = labelled["addLabelsToLabelable"]["labelable"]["labels"]["nodes"]
    assert nodes == [{"name": "automation:release-bump"}]
    assert [e.action for e in small.events if e.name == "pull_request"] == ["opened", "labeled"]


def test_mutations_run_in_order_and_one_that_fails_does_not_stop_the_others(small: Small) -> None:
    pull = small.pull()
    body = small.ask(
        """mutation($s: ID!, $bad: ID!) {
        one: addComment(input: {subjectId: $s, body: "one"}) { commentEdge { node { body } } }
        two: addComment(input: {subjectId: $bad, body: "two"}) { commentEdge { node { body } } }
        three: addComment(input: {subjectId: $s, body: "three"}) { commentEdge { node { body } } } }""",
        s=pull.node_id,
        bad="PR_nope",
    )
    assert body["data"]["two"] is None
    assert body["data"]["three"]["commentEdge"]["node"]["body"] == "three"
    assert [c.body for c in pull.comments] == ["one", "three"]
    error = body["errors"][0]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["two"])
    assert error["message"] == "Could not resolve to a node with the global id of 'PR_nope'"
    assert len(body["errors"]) == 1


def test_a_ref_that_exists_is_unprocessable_and_stays(small: Small) -> None:
    small.push("topic", {"a": b"1"})
    tip = small.repo.git.ref("heads/topic")
    error = small.error(
        "mutation($i: CreateRefInput!) { createRef(input: $i) { ref { id } } }",
        i={"repositoryId": small.repo.node_id, "name": "refs/heads/topic", "oid": small.head},
    )
    assert error["type"] == "UNPROCESSABLE"
    assert error["message"] == 'A ref named "refs/heads/topic" already exists in the repository.'
    assert small.repo.git.ref("heads/topic") == tip


def test_a_ref_moves_back_only_by_force_and_can_be_deleted(small: Small) -> None:
    small.push("topic", {"a": b"1"})
    ref = small.in_repo('ref(qualifiedName: "topic") { id }')["ref"]["id"]
    move = "mutation($i: UpdateRefInput!) { updateRef(input: $i) { ref { target { oid } } } }"
    error = small.error(move, i={"refId": ref, "oid": small.head})
    assert (error["type"], error["message"]) == ("UNPROCESSABLE", "Update is not a fast forward")
    moved = small.data(move, i={"refId": ref, "oid": small.head, "force": True})
    assert moved["updateRef"]["ref"]["target"] == {"oid": small.head}
    small.data(
        "mutation($i: DeleteRefInput!) { deleteRef(input: $i) { clientMutationId } }", i={"refId": ref}
    )
    assert small.repo.git.ref("heads/topic") is None
    gone = small.error("query($id: ID!) { node(id: $id) { id } }", id=ref)
    assert gone["type"] == "NOT_FOUND"


def test_several_refs_move_all_or_none(small: Small) -> None:
    base = small.head
    tip = small.push("topic", {"a": b"1"})
    move = "mutation($i: UpdateRefsInput!) { updateRefs(input: $i) { clientMutationId } }"
    updates = [
        {"name": "refs/heads/new", "beforeOid": "0" * 40, "afterOid": tip},
        {"name": "refs/heads/topic", "beforeOid": base, "afterOid": base, "force": True},
    ]
    asked = {"repositoryId": small.repo.node_id, "refUpdates": updates}
    assert small.error(move, i=asked)["type"] == "STALE_DATA"
    assert small.repo.git.ref("heads/new") is None
    updates[1]["beforeOid"] = tip
    small.data(move, i=asked)
    assert (small.repo.git.ref("heads/new"), small.repo.git.ref("heads/topic")) == (tip, base)


MERGE = """mutation($i: MergePullRequestInput!) { mergePullRequest(input: $i) {
    actor { login }
    pullRequest { state merged mergedAt mergedBy { login }
      mergeCommit { oid message parents(first: 3) { totalCount } } } } }"""


def test_a_merge_of_the_expected_head_squashes_with_the_given_words(small: Small) -> None:
    pull = small.pull()
    asked = {
        "pullRequestId": pull.node_id,
        "expectedHeadOid": pull.head_sha,
        "mergeMethod": "SQUASH",
        "commitHeadline": "Promote (#1)",
        "commitBody": "Release: 1",
    }
    found = small.data(MERGE, i=asked)["mergePullRequest"]
    merged = found["pullRequest"]
    assert (merged["state"], merged["merged"]) == ("MERGED", True)
    assert merged["mergedBy"] == {"login": "lockstep"}
    assert merged["mergeCommit"] == {
        "oid": small.head,
        "message": "Promote (#1)\n\nRelease: 1",
        "parents": {"totalCount": 1},
    }


def test_a_merge_of_another_head_is_refused(small: Small) -> None:
    pull = small.pull()
    believed = pull.head_sha
    small.push("topic", {"late": b"1"})
    error = small.error(MERGE, i={"pullRequestId": pull.node_id, "expectedHeadOid": believed})
    assert error["type"] == "UNPROCESSABLE"
    assert error["message"] == "Head branch was modified. Review and try the merge again."
    assert not pull.merged


def test_a_merge_held_by_branch_protection_says_what_is_missing(small: Small) -> None:
    pull = small.pull()
    small.repo.protections["main"] = Protection(reviews=1)
    error = small.error(MERGE, i={"pullRequestId": pull.node_id})
    assert error["message"] == "At least 1 approving review is required by reviewers with write access."


def test_a_conflict_is_told_and_not_merged(small: Small) -> None:
    pull = small.pull()
    small.push("main", {"topic.txt": b"other\n"})
    found = small.in_repo(f"pullRequest(number: {pull.number}) {{ mergeable mergeStateStatus }}")
    assert found["pullRequest"] == {"mergeable": "CONFLICTING", "mergeStateStatus": "DIRTY"}
    assert small.error(MERGE, i={"pullRequestId": pull.node_id})["type"] == "UNPROCESSABLE"


def test_a_second_pull_request_of_the_same_branch_is_refused_in_githubs_words(small: Small) -> None:
    small.pull()
    error = small.error(
        "mutation($i: CreatePullRequestInput!) { createPullRequest(input: $i) { pullRequest { id } } }",
        i={
            "repositoryId": small.repo.node_id,
            "title": "Again",
            "baseRefName": "main",
            "headRefName": "topic",
        },
    )
    assert error["type"] == "UNPROCESSABLE"
    assert error["message"] == "A pull request already exists for octo:topic."


def test_a_pull_request_is_changed_closed_reopened_and_drafted(small: Small) -> None:
    pull = small.pull()
    actions.add_labels(small.world, small.bot, pull, ["old"])
    label = actions.create_label(small.world, small.bot, small.repo, "new")
    changed = small.data(
        """mutation($i: UpdatePullRequestInput!, $p: ID!) {
        updatePullRequest(input: $i) { pullRequest { title body labels(first: 5) { nodes { name } } } }
        convertPullRequestToDraft(input: {pullRequestId: $p}) { pullRequest { isDraft } }
        markPullRequestReadyForReview(input: {pullRequestId: $p}) { pullRequest { isDraft } }
        closePullRequest(input: {pullRequestId: $p}) { pullRequest { state closed } }
        reopenPullRequest(input: {pullRequestId: $p}) { pullRequest { state } } }""",
        i={"pullRequestId": pull.node_id, "title": "T", "body": "B", "labelIds": [label.node_id]},
        p=pull.node_id,
    )
    updated = changed["updatePullRequest"]["pullRequest"]
    assert updated == {"title": "T", "body": "B", "labels": {"nodes": [{"name": "new"}]}}
    assert changed["convertPullRequestToDraft"]["pullRequest"]["isDraft"] is True
    assert changed["markPullRequestReadyForReview"]["pullRequest"]["isDraft"] is False
    assert changed["closePullRequest"]["pullRequest"] == {"state": "CLOSED", "closed": True}
    assert changed["reopenPullRequest"]["pullRequest"] == {"state": "OPEN"}


def test_a_comment_is_edited_minimized_reacted_to_and_deleted(small: Small) -> None:
    pull = small.pull()
    comment = actions.comment(small.world, small.person("ana"), pull, "/promote")
    found = small.data(
        """mutation($c: ID!) {
        addReaction(input: {subjectId: $c, content: ROCKET}) { reaction { content user { login } } }
        again: addReaction(input: {subjectId: $c, content: ROCKET}) { reaction { id } }
        updateIssueComment(input: {id: $c, body: "done"}) { issueComment { body viewerDidAuthor
          author { login } reactions(first: 5) { totalCount } } }
        minimizeComment(input: {subjectId: $c, classifier: OUTDATED}) {
          minimizedComment { isMinimized minimizedReason } }
        removeReaction(input: {subjectId: $c, content: ROCKET}) { reaction { content } } }""",
        c=comment.node_id,
    )
    assert found["addReaction"]["reaction"] == {"content": "ROCKET", "user": {"login": "lockstep[bot]"}}
    edited = found["updateIssueComment"]["issueComment"]
    assert (edited["body"], edited["viewerDidAuthor"], edited["author"]) == ("done", False, {"login": "ana"})
    assert edited["reactions"] == {"totalCount": 1}
    minimized = found["minimizeComment"]["minimizedComment"]
    assert minimized == {"isMinimized": True, "minimizedReason": "outdated"}
    assert comment.reactions == []
    small.data(
        "mutation($c: ID!) { deleteIssueComment(input: {id: $c}) { clientMutationId } }", c=comment.node_id
    )
    assert pull.comments == []


def test_a_check_run_is_created_and_finished_with_its_annotations(small: Small) -> None:
    made = small.data(
        """mutation($i: CreateCheckRunInput!) { createCheckRun(input: $i) { checkRun {
        id status conclusion externalId checkSuite { app { slug } } } } }""",
        i={
            "repositoryId": small.repo.node_id,
            "headSha": small.head,
            "name": "lockstep: main",
            "status": "IN_PROGRESS",
            "externalId": "x1",
            "startedAt": "2026-01-02T03:04:05Z",
        },
    )["createCheckRun"]["checkRun"]
    assert (made["status"], made["conclusion"], made["externalId"]) == ("IN_PROGRESS", None, "x1")
    annotation = {
        "path": "promotion/promotion-rules.yaml",
        "location": {"startLine": 3, "endLine": 3},
        "annotationLevel": "FAILURE",
        "message": "unknown key",
    }
    done = small.data(
        """mutation($i: UpdateCheckRunInput!) { updateCheckRun(input: $i) { checkRun {
        status conclusion title summary startedAt completedAt
        annotations(first: 5) { nodes { path annotationLevel location { start { line } } } } } } }""",
        i={
            "repositoryId": small.repo.node_id,
            "checkRunId": made["id"],
            "conclusion": "FAILURE",
            "output": {"title": "No", "summary": "why", "annotations": [annotation]},
        },
    )["updateCheckRun"]["checkRun"]
    assert (done["status"], done["conclusion"], done["title"]) == ("COMPLETED", "FAILURE", "No")
    assert done["startedAt"] == "2026-01-02T03:04:05Z"
    assert done["annotations"]["nodes"][0]["location"] == {"start": {"line": 3}}
    assert [e.action for e in small.events if e.name == "check_run"] == ["created", "completed"]


def test_reviews_are_given_dismissed_and_asked_for(small: Small) -> None:
    pull = small.pull()
    ben = small.person("ben")
    asked = {"pullRequestId": pull.node_id, "userIds": [small.world.account("ben").node_id], "union": True}
    found = small.data(
        """mutation($i: RequestReviewsInput!) { requestReviews(input: $i) { pullRequest {
        reviewRequests(first: 5) { nodes { requestedReviewer { __typename ... on User { login } } } } } } }""",
        i=asked,
    )["requestReviews"]["pullRequest"]
    assert found["reviewRequests"]["nodes"] == [{"requestedReviewer": {"__typename": "User", "login": "ben"}}]
    given = small.data(
        """mutation($i: AddPullRequestReviewInput!) { addPullRequestReview(input: $i) {
        pullRequestReview { id state author { login } } } }""",
        ben,
        i={"pullRequestId": pull.node_id, "event": "APPROVE"},
    )["addPullRequestReview"]["pullRequestReview"]
    assert (given["state"], given["author"]) == ("APPROVED", {"login": "ben"})
    gone = small.data(
        """mutation($i: DismissPullRequestReviewInput!) { dismissPullRequestReview(input: $i) {
        pullRequestReview { state } } }""",
        i={"pullRequestReviewId": given["id"], "message": "content changed"},
    )["dismissPullRequestReview"]["pullRequestReview"]
    assert gone == {"state": "DISMISSED"}


def test_nobody_approves_their_own_pull_request(small: Small) -> None:
    pull = small.pull()
    error = small.error(
        """mutation($i: AddPullRequestReviewInput!) { addPullRequestReview(input: $i) {
        pullRequestReview { id } } }""",
        i={"pullRequestId": pull.node_id, "event": "APPROVE"},
    )
    assert error["message"] == "Can not approve your own pull request"


def test_a_deployment_goes_from_pending_to_active(small: Small) -> None:
    ref = small.in_repo("defaultBranchRef { id }")["defaultBranchRef"]["id"]
    made = small.data(
        """mutation($i: CreateDeploymentInput!) { createDeployment(input: $i) {
        deployment { id state environment commitOid payload } } }""",
        i={
            "repositoryId": small.repo.node_id,
            "refId": ref,
            "environment": "staging",
            "requiredContexts": [],
            "payload": '{"digest": "sha256:1"}',
        },
    )["createDeployment"]["deployment"]
    assert (made["state"], made["environment"], made["commitOid"]) == ("PENDING", "staging", small.head)
    assert made["payload"] == '{"digest": "sha256:1"}'
    done = small.data(
        """mutation($i: CreateDeploymentStatusInput!) { createDeploymentStatus(input: $i) {
        deploymentStatus { state deployment { state } } } }""",
        i={"deploymentId": made["id"], "state": "SUCCESS"},
    )["createDeploymentStatus"]["deploymentStatus"]
    assert done == {"state": "SUCCESS", "deployment": {"state": "ACTIVE"}}


def test_an_input_that_the_local_github_would_ignore_fails_loudly(small: Small) -> None:
    from bot.sandbox.graphql import execute

    pull = small.pull()
    text = "mutation($i: UpdatePullRequestInput!) { updatePullRequest(input: $i) { pullRequest { id } } }"
    asked = {"i": {"pullRequestId": pull.node_id, "milestoneId": "M_1"}}
    status, body = execute(small.world, small.bot, text, asked)
    assert status == 501
    assert "updatePullRequest(milestoneId)" in body["message"]


def test_an_edited_comment_says_when_and_an_untouched_one_does_not(small: Small) -> None:
    pull = small.pull()
    touched = actions.comment(small.world, small.person("ana"), pull, "/promote")
    actions.comment(small.world, small.person("ana"), pull, "/help")
    small.world.clock.advance(60)
    actions.edit_comment(small.world, small.person("ana"), touched, "/override reason: x")
    found = small.in_repo(
        "pullRequest(number: 1) { comments(first: 5) { nodes { createdAt lastEditedAt } } }"
    )
    edited, plain = found["pullRequest"]["comments"]["nodes"]
    assert edited["lastEditedAt"] > edited["createdAt"]
    assert plain["lastEditedAt"] is None
