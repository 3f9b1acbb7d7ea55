"""Every read against the local GitHub, with the requests that it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.github import AppClient
from bot.adapters.github.blobs import blob_id
from bot.errors import Stale, Terminal, UserError
from bot.model.action import PutComment
from bot.model.facts import CheckState, Commit, Mergeable, PullState, RepositoryFile, Unknown
from bot.model.snapshot import History
from bot.sandbox.scenario import zipped
from tests.adapters.github.local import APP, BRANCH, BUMPED, CONFIG, CRLF, DEV, FILES, PEM, STAGING, Local

WORKFLOW = ".github/workflows/build.yml"


def read(files: object, path: str) -> RepositoryFile:
    file = files[path]  # type: ignore[index]  # a mapping in every caller
    assert isinstance(file, RepositoryFile), file
    return file


def test_the_app_knows_itself_and_its_installations(local: Local) -> None:
    assert (local.app.app().slug, local.app.app().id) == ("lockstep", 11)
    installed = local.app.installations()
    assert [(each.id, each.account, each.suspended) for each in installed] == [
        (local.installation_id, "splattop", False)
    ]


def test_the_repositories_of_an_installation_are_listed_over_all_pages(local: Local) -> None:
    for number in range(105):
        local.hub.repository(f"splattop/more-{number}", by="ana")
    with local.counting() as made:
        found = local.github.repositories()
    assert (len(found), len(made)) == (107, 2)


def test_rules_files_are_one_question_once_the_repositories_are_known(local: Local) -> None:
    app = next(each for each in local.github.repositories() if each.full_name == APP)
    with local.counting() as made:
        found = local.github.rules_files([local.config.id, app.id, 424242])
    # The unknown id costs one listing; it may have been added a moment ago.
    assert made == ["GET /installation/repositories", "POST /graphql"]
    assert [(each.repository.full_name, dict(each.files)) for each in found] == [
        (CONFIG, {"promotion/promotion-rules.yaml": b"version: 1\n"}),
        (APP, {}),
    ]
    with local.counting() as again:
        local.github.rules_files([local.config.id, app.id])
    assert again == ["POST /graphql"]


def test_a_linked_rules_file_becomes_rules_that_nobody_accepts(local: Local) -> None:
    from bot.sandbox.scenario import Link

    local.hub.push(CONFIG, "main", {"promotion/promotion-rules.yaml": Link("elsewhere.yaml")}, by="ana")
    (found,) = local.github.rules_files([local.config.id])
    assert found.files["promotion/promotion-rules.yaml"].startswith(b"unreadable: ")


def test_an_environment_is_one_question(local: Local) -> None:
    local.opened()
    with local.counting() as made:
        found = local.github.environment(
            local.config, files=[DEV, STAGING, "gone.yaml"], branches=[BRANCH, "lockstep/dev/app"]
        )
    assert made == ["POST /graphql"]
    assert found.base_sha == local.base
    assert (read(found.files, DEV).data, read(found.files, STAGING).data) == (CRLF, FILES[STAGING])
    assert found.files["gone.yaml"] == Unknown(why="gone.yaml does not exist at splattop/config@main")
    assert list(found.branches) == [BRANCH]
    assert read(found.branch_files[BRANCH], STAGING).data == BUMPED


def test_an_environment_shows_our_branch_and_its_pull_request(local: Local) -> None:
    number = local.opened().result["number"]
    found = local.github.environment(local.config, files=[STAGING], branches=[BRANCH])
    head = found.branches[BRANCH].head
    assert (head.author and head.author.id, head.verified, head.parents) == (
        local.github.bot_id,
        True,
        (local.base,),
    )
    pull = found.pulls[BRANCH]
    assert (pull.number, pull.state, pull.author.id, pull.author.login, pull.author.is_bot) == (
        number,
        PullState.OPEN,
        local.github.bot_id,
        "lockstep[bot]",
        True,
    )
    assert (pull.changed_files, pull.files_complete, pull.commits) == ((STAGING,), True, 1)
    assert (pull.head_sha, pull.head_repository_id) == (head.sha, local.config.id)
    assert set(pull.labels) == {"automation:release-bump", "env:staging"}


def test_an_environment_holds_our_comments_alone(local: Local) -> None:
    opened = local.opened().result
    local.hub.comment(local.pull(opened["number"]), "ana", "/promote")
    local.apply(
        PutComment(because="x", number=1, node_id=opened["node_id"], marker="<!-- a -->", body="<!-- a -->")
    )
    found = local.github.environment(local.config, files=[], branches=[BRANCH])
    assert [comment.body for comment in found.comments[opened["number"]]] == ["<!-- a -->"]


def test_our_comment_is_found_among_more_than_a_page_of_others(local: Local) -> None:
    opened = local.opened().result
    for number in range(101):
        local.hub.comment(local.pull(opened["number"]), "ana", f"talk {number}")
    local.apply(
        PutComment(because="x", number=1, node_id=opened["node_id"], marker="<!-- a -->", body="ours")
    )
    found = local.github.environment(local.config, files=[], branches=[BRANCH])
    assert [comment.body for comment in found.comments[opened["number"]]] == ["ours"]


def test_a_forks_branch_of_the_same_name_is_not_ours(local: Local) -> None:
    local.hub.fork(CONFIG, "eve")
    local.hub.grant("eve", CONFIG, "read")
    local.hub.push("eve/config", BRANCH, {STAGING: b"evil"}, by="eve")
    local.hub.open_pull(CONFIG, title="x", head=f"eve:{BRANCH}", base="main", by="eve")
    found = local.github.environment(local.config, files=[], branches=[BRANCH])
    assert (dict(found.pulls), dict(found.branches)) == ({}, {})


def test_case_25_an_environment_is_found_under_its_new_name(local: Local) -> None:
    local.hub.rename(CONFIG, "gitops")
    found = local.github.environment(local.config, files=[DEV], branches=[])
    assert found.repository.full_name == "splattop/gitops"


def test_case_25_an_impostor_with_the_old_name_is_not_taken_for_the_repository(local: Local) -> None:
    local.hub.rename(CONFIG, "gitops")
    local.hub.repository(CONFIG, {"x": b"impostor"}, by="ana")
    with pytest.raises(Stale, match="is now repository"):
        local.github.files(CONFIG, "main", ["x"])


def test_case_26_a_repository_that_left_the_installation_ends_it_after_one_question(local: Local) -> None:
    installed = local.hub.world.installations[local.installation_id]
    installed.repository_ids = {local.hub.repo(APP).id}
    with local.counting() as made, pytest.raises(Terminal, match="not in the installation"):
        local.github.environment(local.config, files=[DEV], branches=[])
    assert made == ["POST /graphql"]


def test_case_26_a_suspended_installation_ends_it(local: Local) -> None:
    local.hub.suspend(local.hub.world.installations[local.installation_id])
    with pytest.raises(Terminal):
        local.github.repositories()


@pytest.mark.parametrize("path", [DEV, STAGING, "binary.yaml", "latin.yaml"])
def test_files_are_read_byte_for_byte(local: Local, path: str) -> None:
    file = read(local.github.files(CONFIG, "main", [path]), path)
    assert (file.data, file.oid, file.is_regular) == (FILES[path], blob_id(FILES[path]), True)


def test_a_text_that_github_cuts_is_fetched_whole(local: Local) -> None:
    large = b"# line\n" * 100_000
    sha = local.hub.push(CONFIG, "large", {"large.yaml": large}, by="ana")
    with local.counting() as made:
        file = read(local.github.files(CONFIG, sha, ["large.yaml"]), "large.yaml")
    assert file.data == large
    assert len(made) == 2


def test_a_symbolic_link_is_told_apart(local: Local) -> None:
    file = read(local.github.files(CONFIG, "main", ["link.yaml"]), "link.yaml")
    assert (file.mode, file.is_regular) == (0o120000, False)


def test_a_directory_and_a_missing_commit_are_unknown(local: Local) -> None:
    assert isinstance(local.github.files(CONFIG, "main", ["helm"])["helm"], Unknown)
    assert isinstance(local.github.files(CONFIG, "nowhere", [DEV])[DEV], Unknown)


def test_a_pull_request_is_one_question(local: Local) -> None:
    opened = local.opened().result
    local.hub.check(CONFIG, opened["head_sha"], "helm-lint", "success")
    local.hub.check(CONFIG, opened["head_sha"], "kubeconform", None)
    local.hub.status(CONFIG, opened["head_sha"], "ci/old", "failure")
    with local.counting() as made:
        found = local.github.pull(local.config.id, opened["number"], files=[STAGING])
    assert made == ["POST /graphql"]
    assert found is not None
    assert not isinstance(found.checks, Unknown)
    assert {each.name: each.state for each in found.checks} == {
        "helm-lint": CheckState.SUCCESS,
        "kubeconform": CheckState.PENDING,
        "ci/old": CheckState.FAILURE,
    }
    assert [(own.name, own.status) for own in found.own_checks] == [
        ("lockstep: main", "queued"),
        ("lockstep: main / gates", "queued"),
    ]
    assert (found.base_head_sha, found.head.sha) == (local.base, opened["head_sha"])
    assert read(found.base_files, STAGING).data == FILES[STAGING]
    assert read(found.head_files, STAGING).data == BUMPED
    assert found.pull.mergeable is Mergeable.MERGEABLE


def test_checks_that_may_not_be_read_are_unknown(local: Local) -> None:
    opened = local.opened().result
    for token in local.hub.world.tokens.values():
        token.permissions.pop("checks", None)
        token.permissions.pop("statuses", None)
    found = local.github.pull(local.config.id, opened["number"], files=[STAGING])
    assert found is not None
    assert isinstance(found.checks, Unknown)
    assert found.own_checks == ()


def test_a_pull_request_that_is_not_there_is_none(local: Local) -> None:
    assert local.github.pull(local.config.id, 99, files=[]) is None


def test_case_23_a_failing_check_beyond_the_first_page_is_counted(local: Local) -> None:
    opened = local.opened().result
    for number in range(120):
        local.hub.status(CONFIG, opened["head_sha"], f"ci/{number:03}", "success")
    local.hub.status(CONFIG, opened["head_sha"], "ci/last", "failure")
    found = local.github.pull(local.config.id, opened["number"], files=[])
    assert found is not None
    assert not isinstance(found.checks, Unknown)
    assert [each.name for each in found.checks if each.state is CheckState.FAILURE] == ["ci/last"]
    assert len(found.checks) == 121


def test_case_23_a_changed_file_beyond_the_first_page_is_seen(local: Local) -> None:
    files = {f"a/{number:03}.txt": b"x" for number in range(150)} | {"z/CODEOWNERS": b"x"}
    local.hub.push(CONFIG, "many", files, by="ana")
    pull = local.hub.open_pull(CONFIG, title="x", head="many", base="main", by="ana")
    found = local.github.pull(local.config.id, pull.number, files=[])
    assert found is not None
    assert ("z/CODEOWNERS" in found.pull.changed_files, found.pull.files_complete) == (True, True)


def test_case_24_more_files_than_github_lists_are_incomplete(local: Local) -> None:
    files = {f"a/{number:04}.txt": b"x" for number in range(3001)}
    local.hub.push(CONFIG, "huge", files, by="ana")
    pull = local.hub.open_pull(CONFIG, title="x", head="huge", base="main", by="ana")
    found = local.github.pull(local.config.id, pull.number, files=[])
    assert found is not None
    assert found.pull.files_complete is False


def test_a_merged_pull_request_says_so(local: Local) -> None:
    opened = local.opened().result
    sha = local.hub.merge(local.pull(opened["number"]), by="ana")
    found = local.github.pull(local.config.id, opened["number"], files=[STAGING])
    assert found is not None
    assert (found.pull.state, found.pull.merge_sha) == (PullState.MERGED, sha)
    assert found.pull.merged_by is not None
    assert found.pull.merged_by.login == "ana"


def test_a_run_and_its_artifact_are_read_and_downloaded(local: Local) -> None:
    run = local.hub.start_run(APP, WORKFLOW, by="ana")
    local.hub.finish_run(
        run, "success", {"component-tags": {"component-tags.json": b"{}"}, "other": {"x": b""}}
    )
    found = local.github.run(APP, run.id)
    assert found is not None
    assert (found.path, found.event, found.branch, found.status, found.conclusion) == (
        WORKFLOW,
        "push",
        "main",
        "completed",
        "success",
    )
    assert found.repository_id == found.head_repository_id == local.hub.repo(APP).id
    (artifact,) = local.github.artifacts(APP, run.id, "component-tags")
    assert local.github.download(APP, artifact, 10_000) == zipped({"component-tags.json": b"{}"})


def test_a_run_that_is_not_there_is_none(local: Local) -> None:
    assert local.github.run(APP, 424242) is None


def test_an_artifact_over_the_limit_is_refused(local: Local) -> None:
    run = local.hub.start_run(APP, WORKFLOW, by="ana")
    local.hub.finish_run(run, "success", {"component-tags": b"x" * 2000})
    (artifact,) = local.github.artifacts(APP, run.id, "component-tags")
    with pytest.raises(UserError, match="larger than 1000 bytes"):
        local.github.download(APP, artifact, 1000)


def test_the_newest_completed_runs_of_a_workflow_are_found(local: Local) -> None:
    wanted = [local.hub.start_run(APP, WORKFLOW, by="ana") for _ in range(3)]
    other = local.hub.start_run(APP, ".github/workflows/other.yml", by="ana")
    local.hub.start_run(APP, WORKFLOW, by="ana")
    for run in [*wanted, other]:
        local.hub.finish_run(run)
    found = local.github.recent_runs(APP, WORKFLOW, 2)
    assert [each.id for each in found] == [wanted[2].id, wanted[1].id]


def test_the_history_between_two_commits_is_one_question(local: Local) -> None:
    old = local.hub.sha(APP, "main") or ""
    shas = [local.hub.push(APP, "main", {"x": str(n).encode()}, by="ana", message=f"c{n}") for n in range(3)]
    with local.counting() as made:
        found = local.github.history(APP, shas[-1][:12], old[:7])
    assert made == ["POST /graphql"]
    assert isinstance(found, History)
    first: Commit = found.commits[0]
    assert ([each.message for each in found.commits], found.complete) == (["c2", "c1", "c0"], True)
    assert first.author is not None
    assert first.author.login == "ana"


def test_a_history_that_the_environments_question_brought_is_not_asked_for_again(local: Local) -> None:
    old = local.hub.sha(APP, "main") or ""
    new = local.hub.push(APP, "main", {"x": b"1"}, by="ana", message="c1")
    with local.counting() as made:
        local.github.environment(local.config, files=[DEV], branches=[BRANCH], histories=[(APP, new[:12])])
        found = local.github.history(APP, new[:12], old)
    assert made == ["POST /graphql"]
    assert isinstance(found, History)
    assert ([each.message for each in found.commits], found.complete) == (["c1"], True)


def test_the_history_of_a_branch_is_asked_for_each_time(local: Local) -> None:
    local.github.history(APP, "main", None)
    local.hub.push(APP, "main", {"x": b"1"}, by="ana", message="c1")
    found = local.github.history(APP, "main", None)
    assert isinstance(found, History)
    assert found.commits[0].message == "c1"


def test_an_environment_is_read_even_when_an_app_repository_is_gone(local: Local) -> None:
    asked = [("splattop/gone", "a" * 40)]
    found = local.github.environment(local.config, files=[DEV], branches=[], histories=asked)
    assert read(found.files, DEV).data == CRLF


def test_the_bot_is_known_from_the_first_question(local: Local) -> None:
    app = AppClient(app_id=11, private_key=PEM[0], api_url=local.hub.api_url, clock=lambda: datetime.now(UTC))
    github = app.installation(local.installation_id)
    github.rules_files([local.config.id])
    with local.counting() as made:
        assert github.bot_id == local.github.bot_id
    assert made == []


def test_the_history_of_a_commit_that_is_not_there_is_unknown(local: Local) -> None:
    assert isinstance(local.github.history(APP, "0" * 40, None), Unknown)


@pytest.mark.parametrize(
    ("role", "permission"),
    [("admin", "admin"), ("maintain", "write"), ("write", "write"), ("triage", "read"), ("read", "read")],
)
def test_a_persons_permission_is_told(local: Local, role: str, permission: str) -> None:
    local.hub.grant("ben", CONFIG, role)
    assert local.github.permission(CONFIG, "ben") == permission


def test_case_25_somebody_whose_login_another_one_has_now_has_no_permission(local: Local) -> None:
    local.hub.grant("ben", CONFIG, "write")
    ben = local.hub.world.accounts["ben"].id
    assert (local.github.permission(CONFIG, "ben", ben), local.github.permission(CONFIG, "ben", ben + 1)) == (
        "write",
        "none",
    )


def test_a_stranger_has_no_permission(local: Local) -> None:
    assert local.github.permission(CONFIG, "nobody") == "none"


def test_failed_deliveries_are_found_once_each_and_can_be_asked_for_again(local: Local) -> None:
    local.hub.world.apps[11].events = ["push"]
    local.hub.world.installations[local.installation_id].events = ["push"]
    local.hub.faults.loses_webhooks("push")
    local.hub.webhook_url = "http://127.0.0.1:9/webhook"
    local.hub.push(CONFIG, "topic", {"x": b"1"}, by="ana")
    local.hub.webhooks.settle()
    hour_ago = datetime.now(UTC) - timedelta(hours=1)

    def lost() -> list[tuple[str, int | None]]:
        failed = [each for each in local.app.failed_deliveries(hour_ago) if each.event == "push"]
        return [(each.guid, each.installation_id) for each in failed]

    first = lost()
    (failed,) = [each for each in local.app.failed_deliveries(hour_ago) if each.event == "push"]
    assert failed.installation_id == local.installation_id
    local.app.redeliver(failed.id)
    local.hub.webhooks.settle()
    assert lost() == first
    assert local.app.failed_deliveries(datetime.now(UTC) + timedelta(hours=1)) == ()


def test_folders_are_read_whole_in_few_requests_and_never_again(local: Local) -> None:
    from bot.model.tree import Tree
    from bot.sandbox.scenario import Link

    files = {
        "ops/a.yml": b"a\r\n",
        "ops/deep/b.yml": b"\xff",
        "ops/link": Link("/etc/passwd"),
        "other.txt": b"x",
    }
    sha = local.hub.push(CONFIG, "main", files, by="ana")
    with local.counting() as made:
        found = local.github.trees(local.config.id, sha, ["ops", "other.txt", "missing"])
    folder = found["ops"]
    assert isinstance(folder, Tree)
    assert {path: file.data for path, file in folder.files.items()} == {
        "ops/a.yml": b"a\r\n",
        "ops/deep/b.yml": b"\xff",
        "ops/link": None,
    }
    assert folder.files["ops/link"].trouble() == "is a symbolic link; put the file itself there"
    assert found["missing"] == Unknown(why=f"missing does not exist at {sha[:12]}")
    assert len(made) == 4  # where they are, the listing, the texts, and the one file that is no text
    with local.counting() as again:
        local.github.trees(local.config.id, sha, ["ops", "other.txt", "missing"])
        local.github.entries(local.config.id, sha, "ops")
        names = local.github.entries(local.config.id, sha, "ops")
    assert names == ("a.yml", "deep/")
    assert len(again) == 1
