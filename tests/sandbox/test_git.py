"""Refs, trees, commits and files on the local GitHub."""

import pytest

from bot.sandbox.scenario import Link, Submodule
from tests.sandbox.conftest import CONFIG


def _commit(bot, parent, **files):
    entries = [
        {"path": p, "mode": "100644", "type": "blob"} | ({"sha": None} if c is None else {"content": c})
        for p, c in files.items()
    ]
    tree = bot.post(f"{CONFIG}/git/trees", {"base_tree": parent, "tree": entries}).json()["sha"]
    sent = {"message": "m", "tree": tree, "parents": [parent]}
    return bot.post(f"{CONFIG}/git/commits", sent).json()


@pytest.fixture
def main(scene):
    return scene.github.sha("splattop/config", "main")


def test_a_commit_by_the_app_is_verified_and_a_push_is_not(scene, main):
    made = _commit(scene.bot(), main, new="text")
    assert made["verification"]["verified"] is True
    assert made["author"]["name"] == "lockstep[bot]"
    pushed = scene.github.push("splattop/config", "x", {"a": "b"}, "ana")
    shown = scene.bot().get(f"{CONFIG}/git/commits/{pushed}").json()
    assert shown["verification"]["reason"] == "unsigned"


def test_a_commit_with_an_author_of_its_own_is_not_verified(scene, main):
    tree = scene.github.world.repository("splattop/config").git.tree_of(main)
    author = {"name": "x", "email": "x@example.com"}
    sent = {"message": "m", "tree": tree, "parents": [main], "author": author}
    made = scene.bot().post(f"{CONFIG}/git/commits", sent).json()
    assert made["verification"]["verified"] is False


def test_a_tree_entry_without_sha_deletes_the_file(scene, main):
    sha = _commit(scene.bot(), main, **{"other.txt": None})["sha"]
    assert scene.github.file("splattop/config", sha, "other.txt") is None
    assert scene.github.file("splattop/config", sha, "values.yaml") == b"a: 1\n"


@pytest.mark.parametrize(
    ("method", "path", "sent", "says"),
    [
        ("POST", "refs", {"ref": "refs/heads/main"}, "Reference already exists"),
        ("POST", "refs", {"ref": "refs/heads/n", "sha": "1" * 40}, "Object does not exist"),
        ("POST", "refs", {"ref": "heads/n"}, "must start with 'refs/'"),
        ("PATCH", "refs/heads/none", {}, "Reference does not exist"),
        ("DELETE", "refs/heads/none", {}, "Reference does not exist"),
    ],
)
def test_wrong_refs_are_refused_in_githubs_words(scene, main, method, path, sent, says):
    answer = scene.bot()(method, f"{CONFIG}/git/{path}", {"sha": main, **sent})
    assert (answer.status_code, says in answer.json()["message"]) == (422, True)


def test_only_a_forced_update_leaves_the_line(scene, main):
    scene.change()
    path = f"{CONFIG}/git/refs/heads/bump"
    other = _commit(scene.bot(), main, new="text")["sha"]
    answer = scene.bot().patch(path, {"sha": other})
    assert answer.json()["message"] == "Update is not a fast forward"
    assert scene.bot().patch(path, {"sha": other, "force": True}).status_code == 200


def test_a_protected_branch_takes_no_direct_push(scene, main):
    scene.github.protect("splattop/config", "main", block_push=True)
    sha = _commit(scene.bot(), main, new="text")["sha"]
    answer = scene.bot().patch(f"{CONFIG}/git/refs/heads/main", {"sha": sha})
    assert answer.json()["message"] == "Changes must be made through a pull request."


def test_a_ref_is_found_only_by_its_whole_name(scene):
    scene.change("bump/one")
    assert scene.bot().get(f"{CONFIG}/git/ref/heads/bump").status_code == 404
    found = scene.bot().get(f"{CONFIG}/git/matching-refs/heads/bump").json()
    assert [r["ref"] for r in found] == ["refs/heads/bump/one"]


def test_contents_tell_files_symlinks_submodules_and_directories_apart(scene):
    files = {
        "link": Link("values.yaml"),
        "dead": Link("../out"),
        "sub": Submodule("1" * 40),
        "d/e": "f",
    }
    scene.github.push("splattop/config", "main", files, "ana")
    bot = scene.bot()
    kinds = {n: bot.get(f"{CONFIG}/contents/{n}").json() for n in ("values.yaml", "link", "dead", "sub")}
    assert [k["type"] for k in kinds.values()] == ["file", "file", "symlink", "submodule"]
    assert [e["name"] for e in bot.get(f"{CONFIG}/contents/d").json()] == ["e"]
    raw = bot.get(f"{CONFIG}/contents/values.yaml", Accept="application/vnd.github.raw+json")
    assert raw.content == b"a: 1\n"


def test_an_app_without_the_permission_cannot_touch_workflows(scene, main):
    entry = {"path": ".github/workflows/x.yml", "mode": "100644", "type": "blob", "content": "x"}
    answer = scene.bot().post(f"{CONFIG}/git/trees", {"base_tree": main, "tree": [entry]})
    assert answer.status_code == 403


def test_compare_counts_both_sides_and_shows_a_rename(scene):
    scene.github.push("splattop/config", "topic", {"other.txt": None, "moved.txt": "x\n"}, "ana", "Move it")
    scene.github.push("splattop/config", "main", {"z": "z"}, "ana")
    found = scene.bot().get(f"{CONFIG}/compare/main...topic").json()
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 1, 1)
    assert found["files"][0]["previous_filename"] == "other.txt"
