"""A tour over the routes and events of the local GitHub, judged by GitHub's published description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.sandbox.scenario import Link, Submodule
from tests.contract.recorder import ContractRecorder
from tests.sandbox.conftest import APP, CONFIG, Caller, Scene

ORG = "/orgs/splattop"


@pytest.fixture
def recorder(scene: Scene) -> Iterator[ContractRecorder]:
    """Listens, and judges at the end what the test has set in motion."""
    found = ContractRecorder()
    scene.github.observe(found)
    yield found
    scene.github.webhooks.take()
    assert found.exchanges or found.webhooks
    found.assert_clean()
    assert scene.github.unknown_routes == []


def _visit(caller: Caller, *paths: str) -> None:
    for path in paths:
        assert caller.get(path).status_code == 200, path


def test_the_apps_own_routes(scene, recorder):
    number = scene.installation.id
    _visit(scene.jwt(), "/app", "/app/installations", f"/app/installations/{number}", "/app/hook/config")
    _visit(scene.jwt(), f"{ORG}/installation", f"{APP}/installation", "/app/hook/deliveries")
    asked = {"permissions": {"contents": "read"}, "repositories": ["app"]}
    assert scene.jwt().post(f"/app/installations/{number}/access_tokens", asked).status_code == 201
    newest = scene.jwt().get("/app/hook/deliveries").json()[0]["id"]
    _visit(scene.jwt(), f"/app/hook/deliveries/{newest}")
    assert scene.jwt().post(f"/app/hook/deliveries/{newest}/attempts").status_code == 202
    _visit(scene.bot(), "/installation/repositories", "/rate_limit")


def test_people_and_teams(scene, recorder):
    _visit(scene.bot(), "/users/ana", f"{ORG}/memberships/ana", f"{ORG}/teams/platform")
    _visit(scene.bot(), f"{ORG}/teams/platform/members", f"{ORG}/teams/platform/memberships/ben")
    _visit(scene.bot(), f"{CONFIG}/collaborators/ben/permission", f"{CONFIG}/teams")
    _visit(scene.person("ana"), "/user")


def test_files_and_git_objects(scene, recorder):
    files = {"link": Link("values.yaml"), "dead": Link("no"), "sub": Submodule("1" * 40), "d/e": "f"}
    main = scene.github.push("splattop/config", "main", files, "ana")
    bot = scene.bot()
    _visit(bot, *[f"{CONFIG}/contents/{p}" for p in ("values.yaml", "d", "link", "dead", "sub")])
    _visit(bot, CONFIG, f"{CONFIG}/branches/main", f"{CONFIG}/git/ref/heads/main")
    _visit(bot, f"{CONFIG}/git/matching-refs/heads", f"{CONFIG}/git/trees/main?recursive=1")
    _visit(bot, f"{CONFIG}/git/commits/{main}", f"{CONFIG}/commits", f"{CONFIG}/commits/main")
    blob = bot.post(f"{CONFIG}/git/blobs", {"content": "eA==", "encoding": "base64"}).json()["sha"]
    _visit(bot, f"{CONFIG}/git/blobs/{blob}")
    entry = {"path": "x", "mode": "100644", "type": "blob", "sha": blob}
    tree = bot.post(f"{CONFIG}/git/trees", {"base_tree": main, "tree": [entry]}).json()["sha"]
    sent = {"message": "m", "tree": tree, "parents": [main]}
    sha = bot.post(f"{CONFIG}/git/commits", sent).json()["sha"]
    assert bot.post(f"{CONFIG}/git/refs", {"ref": "refs/heads/x", "sha": main}).status_code == 201
    assert bot.patch(f"{CONFIG}/git/refs/heads/x", {"sha": sha}).status_code == 200
    _visit(bot, f"{CONFIG}/compare/main...x")
    assert bot.delete(f"{CONFIG}/git/refs/heads/x").status_code == 204
    sent = {"message": "m", "content": "eA==", "branch": "main"}
    assert bot.put(f"{CONFIG}/contents/y", sent).status_code == 201


def test_protected_branches(scene, recorder):
    scene.github.protect("splattop/config", "main", ["lint"], reviews=1)
    number = scene.github.repo("splattop/config").id
    _visit(scene.bot(), f"{CONFIG}/branches/main", f"{CONFIG}/branches/main/protection")
    _visit(scene.bot(), f"{CONFIG}/rules/branches/main", f"{CONFIG}/rulesets", f"{CONFIG}/rulesets/{number}")


def test_the_life_of_a_pull_request(scene, recorder):
    scene.change()
    sent = {"title": "t", "head": "topic", "base": "main", "body": "b"}
    scene.github.push("splattop/config", "topic", {"other.txt": "y\n"}, "ben")
    bot = scene.bot()
    pull = bot.post(f"{CONFIG}/pulls", sent).json()
    url, issue = f"{CONFIG}/pulls/{pull['number']}", f"{CONFIG}/issues/{pull['number']}"
    asked = {"reviewers": ["cho"], "team_reviewers": ["platform"]}
    assert bot.post(f"{url}/requested_reviewers", asked).status_code == 201
    _visit(bot, f"{CONFIG}/pulls?state=all", url, f"{url}/files", f"{url}/commits")
    _visit(bot, f"{url}/requested_reviewers", issue, f"{CONFIG}/commits/{pull['head']['sha']}/pulls")
    assert bot.patch(url, {"title": "u", "body": "c"}).status_code == 200
    scene.github.push("splattop/config", "topic", {"other.txt": "z\n"}, "ben")
    ben = scene.person("ben")
    review = ben.post(f"{url}/reviews", {"event": "REQUEST_CHANGES", "body": "no"}).json()["id"]
    assert ben.put(f"{url}/reviews/{review}/dismissals", {"message": "m"}).status_code == 200
    assert ben.post(f"{url}/reviews", {"event": "APPROVE"}).status_code == 200
    _visit(bot, f"{url}/reviews")
    assert bot.patch(url, {"state": "closed"}).status_code == 200
    assert bot.patch(url, {"state": "open"}).status_code == 200
    head = bot.get(url).json()["head"]["sha"]
    assert bot.put(f"{url}/merge", {"sha": head, "merge_method": "squash"}).status_code == 200


def test_what_is_said_about_a_pull_request(scene, recorder):
    bot, issue = scene.bot(), f"{CONFIG}/issues/{scene.change().number}"
    assert bot.post(f"{CONFIG}/labels", {"name": "env:dev", "color": "abcdef"}).status_code == 201
    assert bot.post(f"{issue}/labels", {"labels": ["env:dev", "new"]}).status_code == 200
    assert bot.delete(f"{issue}/labels/new").status_code == 200
    comment = bot.post(f"{issue}/comments", {"body": "hi"}).json()["id"]
    url = f"{CONFIG}/issues/comments/{comment}"
    assert bot.patch(url, {"body": "ho"}).status_code == 200
    assert bot.post(f"{url}/reactions", {"content": "eyes"}).status_code == 201
    assert bot.post(f"{issue}/reactions", {"content": "+1"}).status_code == 201
    _visit(bot, url, f"{url}/reactions", f"{issue}/comments", f"{issue}/labels", f"{CONFIG}/labels/env:dev")
    assert bot.post(f"{CONFIG}/issues", {"title": "t", "labels": ["x"]}).status_code == 201
    _visit(bot, f"{CONFIG}/issues?state=all")
    pull = scene.github.pulls("splattop/config")[0]
    scene.github.delete_comment(scene.github.comment(pull, "ben", "/promote"), "ben")


def test_checks_and_statuses(scene, recorder):
    sha = scene.change().head_sha
    bot, at = scene.bot(), f"{CONFIG}/commits/{sha}"
    sent = {"name": "lockstep: main", "head_sha": sha, "status": "queued"}
    run = bot.post(f"{CONFIG}/check-runs", sent).json()
    note = {
        "path": "a",
        "start_line": 1,
        "end_line": 1,
        "annotation_level": "failure",
        "message": "m",
    }
    button = {"label": "a", "description": "b", "identifier": "c"}
    output = {"title": "t", "summary": "s", "annotations": [note]}
    url, suite = f"{CONFIG}/check-runs/{run['id']}", f"{CONFIG}/check-suites/{run['check_suite']['id']}"
    ended = {"conclusion": "success", "output": output, "actions": [button]}
    assert bot.patch(url, ended).status_code == 200
    assert bot.post(f"{CONFIG}/check-suites", {"head_sha": sha}).status_code == 200
    assert bot.post(f"{CONFIG}/statuses/{sha}", {"state": "success", "context": "ci"}).status_code == 201
    _visit(bot, url, f"{url}/annotations", suite, f"{at}/check-runs", f"{at}/check-suites")
    _visit(bot, f"{at}/status", f"{at}/statuses")
    ours = scene.github.repo("splattop/config").check_runs[run["id"]]
    scene.github.press(ours, "c", "ben")
    scene.github.rerequest(ours, "ben")


def test_workflow_runs_and_deployments(scene, recorder):
    run = scene.github.start_run("splattop/app", ".github/workflows/build.yml", "build")
    scene.github.finish_run(run, "success", {"component-tags": {"component-tags.json": b"{}"}})
    scene.github.finish_run(scene.github.rerun(run), "failure")
    bot, actions = scene.bot(), f"{APP}/actions"
    _visit(bot, f"{actions}/runs?branch=main", f"{actions}/runs/{run.id}", f"{actions}/artifacts")
    _visit(bot, f"{actions}/runs/{run.id}/artifacts?name=component-tags", f"{actions}/workflows")
    number = run.artifacts[0].id
    assert bot.get(f"{actions}/artifacts/{number}/zip").status_code == 302
    dispatch = f"{actions}/workflows/build.yml/dispatches"
    assert bot.post(dispatch, {"ref": "main"}).status_code == 204
    assert bot.post(f"{APP}/dispatches", {"event_type": "promote"}).status_code == 204
    made = bot.post(f"{CONFIG}/deployments", {"ref": "main", "environment": "dev"}).json()
    statuses = f"{CONFIG}/deployments/{made['id']}/statuses"
    assert bot.post(statuses, {"state": "success"}).status_code == 201
    _visit(bot, statuses, f"{CONFIG}/deployments", f"{CONFIG}/environments", f"{CONFIG}/environments/dev")


def test_the_life_of_an_installation(scene, recorder):
    github, installation = scene.github, scene.installation
    github.suspend(installation)
    github.suspend(installation, False)
    github.remove_repositories(installation, ["splattop/app"])
    github.add_repositories(installation, ["splattop/app"])
    github.uninstall(installation)
    assert recorder.webhooks == 0
    taken = [(d.event, d.action) for d in github.webhooks.take()]
    assert taken[-1] == ("installation", "deleted")


def test_a_draft_from_a_fork(scene, recorder):
    scene.github.fork("splattop/config", "cho")
    scene.github.push("cho/config", "feature", {"q": "1"}, "cho")
    pull = scene.github.open_pull("splattop/config", "cho:feature", "cho", draft=True)
    _visit(scene.bot(), f"{CONFIG}/pulls/{pull.number}", f"{CONFIG}/pulls/{pull.number}/files")
