"""Pull requests and merges on the local GitHub: real merges, GitHub's refusals."""

import pytest

from tests.sandbox.conftest import CONFIG


def _merge(scene, pull, **body):
    return scene.bot().put(f"{CONFIG}/pulls/{pull.number}/merge", body)


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_each_method_brings_the_change_to_the_base(scene, method):
    pull = scene.change()
    scene.github.push("splattop/config", "main", {"other.txt": "y\n"}, "ana")
    made = _merge(scene, pull, sha=pull.head_sha, merge_method=method).json()
    assert made["merged"]
    assert scene.github.file("splattop/config", "main", "values.yaml") == b"a: 2\n"
    assert scene.github.file("splattop/config", "main", "other.txt") == b"y\n"
    assert scene.github.sha("splattop/config", "main") == made["sha"]


@pytest.mark.parametrize(("method", "parents"), [("merge", 2), ("squash", 1)])
def test_the_merge_commit_has_githubs_parents_and_signature(scene, method, parents):
    sha = _merge(scene, scene.change(), merge_method=method).json()["sha"]
    commit = scene.bot().get(f"{CONFIG}/git/commits/{sha}").json()
    assert (len(commit["parents"]), commit["verification"]["verified"]) == (parents, True)


def test_a_conflict_cannot_be_merged(scene):
    pull = scene.change()
    scene.github.push("splattop/config", "main", {"values.yaml": "a: 3\n"}, "ana")
    shown = scene.bot().get(f"{CONFIG}/pulls/{pull.number}").json()
    assert (shown["mergeable"], shown["mergeable_state"]) == (False, "dirty")
    answer = _merge(scene, pull)
    assert (answer.status_code, answer.json()["message"]) == (405, "Pull Request is not mergeable")


def test_a_stale_sha_is_a_conflict_of_another_kind(scene):
    pull = scene.change()
    answer = _merge(scene, pull, sha="0" * 40)
    assert answer.status_code == 409
    assert answer.json()["message"].startswith("Head branch was modified")


def test_a_draft_or_a_closed_pull_request_is_not_merged(scene):
    pull = scene.change()
    pull.draft = True
    assert _merge(scene, pull).json()["message"] == "Pull Request is still a draft"
    scene.github.close(pull, "ana")
    assert _merge(scene, pull).status_code == 405


def test_required_checks_hold_a_merge_until_they_are_green(scene):
    scene.github.protect("splattop/config", "main", ["helm-lint"])
    pull = scene.change()
    assert _merge(scene, pull).json()["message"] == 'Required status check "helm-lint" is expected.'
    scene.github.check("splattop/config", pull.head_sha, "helm-lint", "failure")
    assert _merge(scene, pull).json()["message"] == 'Required status check "helm-lint" is failing.'
    scene.github.check("splattop/config", pull.head_sha, "helm-lint", "success")
    assert _merge(scene, pull).status_code == 200


def test_a_required_check_of_an_app_is_not_satisfied_by_another_app(scene):
    scene.github.protect("splattop/config", "main", ["lint"], app_id=15368)
    pull = scene.change()
    scene.github.check("splattop/config", pull.head_sha, "lint", by_app="somebody else")
    assert _merge(scene, pull).status_code == 405


def test_required_reviews_hold_a_merge_and_readers_do_not_count(scene):
    scene.github.protect("splattop/config", "main", reviews=1)
    pull = scene.change()
    scene.github.review(pull, "cho")
    assert _merge(scene, pull).status_code == 405
    scene.github.review(pull, "ben")
    assert _merge(scene, pull).status_code == 200


def test_nobody_approves_their_own_pull_request(scene):
    pull = scene.change()
    answer = scene.person("ana").post(f"{CONFIG}/pulls/{pull.number}/reviews", {"event": "APPROVE"})
    assert answer.json()["errors"] == ["Can not approve your own pull request"]


def test_the_head_follows_pushes_and_stale_approvals_can_be_dismissed(scene):
    scene.github.protect("splattop/config", "main", reviews=1, dismiss_stale=True)
    pull = scene.change()
    scene.github.review(pull, "ben")
    sha = scene.github.push("splattop/config", "bump", {"values.yaml": "a: 9\n"}, "ana")
    assert (pull.head_sha, pull.reviews[0].state) == (sha, "DISMISSED")


def test_a_pull_request_closes_with_its_branch_and_cannot_be_reopened_without(scene):
    pull = scene.change()
    scene.github.delete_branch("splattop/config", "bump", "ana")
    answer = scene.person("ana").patch(f"{CONFIG}/pulls/{pull.number}", {"state": "open"})
    assert (pull.state, answer.status_code) == ("closed", 422)


def test_pushing_the_head_to_the_base_merges_the_pull_request(scene):
    pull = scene.change()
    scene.github.point("splattop/config", "main", pull.head_sha, "ana")
    assert (pull.state, pull.merged) == ("closed", True)


def test_resetting_the_head_to_the_base_closes_without_merging(scene):
    pull = scene.change()
    scene.github.point("splattop/config", "bump", scene.github.sha("splattop/config", "main"), "ana")
    assert (pull.state, pull.merged) == ("closed", False)


def test_a_second_pull_request_for_the_same_branches_is_refused(scene):
    scene.change()
    sent = {"title": "again", "head": "bump", "base": "main"}
    answer = scene.bot().post(f"{CONFIG}/pulls", sent)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["message"].startswith("A pull request already exists")


def test_a_pull_request_without_commits_is_refused(scene):
    sha = scene.github.sha("splattop/config", "main")
    scene.bot().post(f"{CONFIG}/git/refs", {"ref": "refs/heads/empty", "sha": sha})
    answer = scene.bot().post(f"{CONFIG}/pulls", {"title": "t", "head": "empty", "base": "main"})
    assert answer.json()["errors"][0]["message"] == "No commits between main and empty"


def test_update_branch_merges_the_base_into_the_head(scene):
    pull = scene.change()
    scene.github.push("splattop/config", "main", {"other.txt": "y\n"}, "ana")
    path = f"{CONFIG}/pulls/{pull.number}/update-branch"
    assert scene.bot().put(path, {"expected_head_sha": "0" * 40}).status_code == 422
    assert scene.bot().put(path, {"expected_head_sha": pull.head_sha}).status_code == 202
    assert scene.github.file("splattop/config", "bump", "other.txt") == b"y\n"


def test_a_fork_brings_its_own_head(scene):
    scene.github.fork("splattop/config", "cho")
    scene.github.push("cho/config", "main", {"values.yaml": "a: 5\n"}, "cho")
    pull = scene.github.open_pull("splattop/config", "cho:main", "cho")
    assert _merge(scene, pull).status_code == 200
    assert scene.github.file("splattop/config", "main", "values.yaml") == b"a: 5\n"
    assert scene.github.file("cho/config", "main", "values.yaml") == b"a: 5\n"


def test_ci_posts_its_checks_on_every_new_head(scene):
    scene.github.ci_for("splattop/config", ["helm-lint", "kubeconform"])
    pull = scene.change()
    assert set(scene.github.checks("splattop/config", pull.head_sha)) == {"helm-lint", "kubeconform"}
    sha = scene.github.push("splattop/config", "bump", {"values.yaml": "a: 3\n"}, "ana")
    assert scene.github.checks("splattop/config", sha)["helm-lint"].conclusion == "success"
