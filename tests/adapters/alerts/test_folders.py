"""Rule folders on disk: what is read, what is refused, and that a bundle is written completely or not at all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.adapters.alerts import FolderRefused, RuleFolder, source_commit, staged


def put(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_yml", ".yml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_rule_files_are_listed_in_order_and_the_rest_is_left_out(tmp_path: Path):
    put(tmp_path, b_yml="", a__c_yml="", README="", **{".git__x_yml": "", ".hidden_yml": ""})
    (tmp_path / "d.rules").write_text("")
    assert RuleFolder(root=tmp_path).names() == ["a/c.yml", "b.yml", "d.rules"]


def test_globs_leave_out_files_and_whole_folders(tmp_path: Path):
    put(tmp_path, a_yml="", tests__b_yml="", deep__tests__c_yml="")
    assert RuleFolder(root=tmp_path, exclude=("tests", "*/c.yml")).names() == ["a.yml"]


def test_a_single_file_is_a_folder_of_one(tmp_path: Path):
    put(tmp_path, a_yml="x", b_yml="")
    folder = RuleFolder(root=tmp_path / "a.yml")
    assert (folder.names(), folder.read("a.yml")) == (["a.yml"], b"x")


@pytest.mark.parametrize("target", ["/etc/passwd", "a.yml", "missing"])
def test_case_33_a_symbolic_link_is_refused_wherever_it_leads(tmp_path: Path, target: str):
    put(tmp_path, a_yml="")
    (tmp_path / "b.yml").symlink_to(target)
    with pytest.raises(FolderRefused, match=r"b\.yml: is a symbolic link"):
        RuleFolder(root=tmp_path).names()


def test_case_33_a_link_to_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "sub").symlink_to("/etc")
    with pytest.raises(FolderRefused, match="sub: is a symbolic link"):
        RuleFolder(root=tmp_path).names()


def test_a_link_put_there_after_the_listing_is_not_followed(tmp_path: Path):
    (tmp_path / "a.yml").symlink_to("/etc/passwd")
    with pytest.raises(FolderRefused):
        RuleFolder(root=tmp_path).read("a.yml")


def test_a_pipe_is_refused_without_waiting(tmp_path: Path):
    os.mkfifo(tmp_path / "a.yml")
    with pytest.raises(FolderRefused, match="is not a plain file"):
        RuleFolder(root=tmp_path).read("a.yml")


def test_a_huge_file_is_refused_unread(tmp_path: Path):
    with (tmp_path / "a.yml").open("wb") as stream:
        stream.truncate(100 * 1024 * 1024)
    with pytest.raises(FolderRefused, match="larger than 16 MiB"):
        RuleFolder(root=tmp_path).read("a.yml")


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(FolderRefused, match="no such folder"):
        RuleFolder(root=tmp_path / "x").names()


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_a_new_folder_takes_the_place_of_the_old_and_keeps_what_is_not_owned(tmp_path: Path):
    out = put(tmp_path / "out", a_yml="old", sub__stale_yml="old", notes="mine")
    with staged(out, owned={"a.yml", "sub/stale.yml"}) as stage:
        stage.write("a.yml", b"new")
        stage.write("deep/b.yml", b"new")
        assert contents(out)["a.yml"] == "old"
    assert contents(out) == {"a.yml": "new", "deep/b.yml": "new", "notes": "mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def write_half(out: Path) -> None:
    with staged(out, owned={"a.yml"}) as stage:
        stage.write("a.yml", b"new")
        stage.write("../b.yml", b"new")


def test_an_error_leaves_the_old_folder_and_nothing_else(tmp_path: Path):
    out = put(tmp_path / "out", a_yml="old")
    with pytest.raises(FolderRefused):
        write_half(out)
    assert contents(out) == {"a.yml": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path):
    put(tmp_path / ".out.lockstep-dead", a_yml="half")
    with staged(tmp_path / "out", owned=()) as stage:
        stage.write("a.yml", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_old_folder_stands_whole_until_the_new_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    out = put(tmp_path / "out", a_yml="old")

    class NoExchange:
        """A system without renameat2."""

    monkeypatch.setattr("bot.adapters.alerts.stage._LIBC", NoExchange())
    with staged(out, owned={"a.yml"}) as stage:
        stage.write("a.yml", b"new")
    assert contents(out) == {"a.yml": "new"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["../x.yml", "/etc/x.yml", "a/../../x.yml", ""])
def test_case_33_no_name_leads_out_of_the_folder(tmp_path: Path, name: str):
    with pytest.raises(FolderRefused, match="not a path inside"), staged(tmp_path / "out", owned=()) as stage:
        stage.write(name, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_file_or_link_in_the_place_of_the_folder_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(FolderRefused, match="is not a folder"), staged(tmp_path / name, owned=()):
            pass


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_of_a_folder_is_asked_of_git(tmp_path: Path):
    put(tmp_path, ops__alerts__a_yml="x")
    assert source_commit(tmp_path / "ops") is None
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "rules")
    found = source_commit(tmp_path / "ops" / "alerts")
    assert found is not None
    assert (found.sha, found.path, found.changed) == (git(tmp_path, "rev-parse", "HEAD"), "ops/alerts", False)
    put(tmp_path, ops__alerts__new_yml="x")
    changed = source_commit(tmp_path / "ops" / "alerts")
    assert changed is not None
    assert changed.changed
