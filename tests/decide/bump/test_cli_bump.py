"""`lockstep bump` as people and pipelines call it: what it prints, what it writes, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli_bump import bump

DIGEST = "sha256:" + "a" * 64
VALUES = "# top\napi:\n  image:\n    tag: v1 # why\n"
PATH = ("--path", "{component}.image")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a values file and a release's tags."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "values.yaml").write_text(VALUES)
    tags = {"api": {"tag": "1.10", "sha": "3f2a91c", "digest": DIGEST}}
    (tmp_path / "tags.json").write_text(json.dumps(tags))
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(bump, arguments, prog_name="lockstep bump")


def test_tags_are_written_in_place_and_the_edits_are_told(folder: Path) -> None:
    result = call("--tags", "tags.json", *PATH, "values.yaml")
    expected = VALUES.replace("tag: v1 # why", f'tag: "1.10" # why\n    digest: {DIGEST}')
    assert (result.exit_code, (folder / "values.yaml").read_text()) == (0, expected)
    assert result.stdout == (
        f"values.yaml:4 /api/image/tag: v1 → 1.10\nvalues.yaml:5 /api/image/digest: (new) → {DIGEST}\n"
    )


def test_json_lists_file_line_pointer_before_and_after() -> None:
    result = call("--set", "/api/image/tag=v2", "--json", "values.yaml")
    expected = {"file": "values.yaml", "line": 4, "pointer": "/api/image/tag", "before": "v1", "after": "v2"}
    assert json.loads(result.stdout) == [expected]


def test_a_second_run_is_quiet_and_changes_nothing(folder: Path) -> None:
    call("--set", "/api/image/tag=v2", "values.yaml")
    before = (folder / "values.yaml").stat()
    result = call("--set", "/api/image/tag=v2", "values.yaml")
    after = (folder / "values.yaml").stat()
    assert (result.exit_code, before.st_ino, before.st_mtime_ns) == (0, after.st_ino, after.st_mtime_ns)
    assert "nothing to change" in result.stdout


@pytest.mark.parametrize(
    "text",
    [
        "api: {image: {tag: v1}}",
        "a: 1\r\napi:\r\n  image:\r\n    tag: v1\r\n",
        "api:\n  image:\n    tag: v1",
        VALUES,
    ],
    ids=["one line without end", "crlf", "no final newline", "plain"],
)
def test_a_dry_run_prints_a_diff_that_git_applies_and_writes_nothing(folder: Path, text: str) -> None:
    values = folder / "values.yaml"
    values.write_bytes(text.encode())
    diff = call("--tags", "tags.json", *PATH, "--dry-run", "values.yaml").stdout_bytes
    assert values.read_bytes() == text.encode()
    call("--tags", "tags.json", *PATH, "values.yaml")
    wanted = values.read_bytes()
    values.write_bytes(text.encode())
    subprocess.run(["git", "apply", "-"], input=diff, cwd=folder, check=True)
    assert values.read_bytes() == wanted


def test_the_mode_is_kept_and_no_other_file_is_left(folder: Path) -> None:
    (folder / "values.yaml").chmod(0o640)
    call("--set", "/api/image/tag=v2", "values.yaml")
    assert (folder / "values.yaml").stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in folder.iterdir()) == ["tags.json", "values.yaml"]


def test_nothing_is_written_when_one_of_the_files_is_refused(folder: Path) -> None:
    (folder / "bad.yaml").write_text("api: x\n")
    result = call("--tags", "tags.json", *PATH, "values.yaml", "bad.yaml")
    assert (result.exit_code, (folder / "values.yaml").read_text()) == (1, VALUES)
    assert "refused: bad.yaml:1: " in result.stderr


def test_a_component_may_be_absent_from_one_of_the_files(folder: Path) -> None:
    (folder / "other.yaml").write_text("web: 1\n")
    result = call("--tags", "tags.json", *PATH, "other.yaml", "values.yaml")
    assert (result.exit_code, (folder / "other.yaml").read_text()) == (0, "web: 1\n")


def test_a_component_that_no_file_has_is_refused() -> None:
    result = call("--tags", "tags.json", "--path", "x.{component}", "values.yaml")
    assert (result.exit_code, "no file has api" in result.stderr) == (1, True)


@pytest.mark.parametrize("directory", [False, True], ids=["file", "directory"])
def test_a_symlink_is_refused_and_stays(folder: Path, directory: bool) -> None:
    (folder / ".git").mkdir()
    real = folder / "real"
    real.mkdir()
    (real / "values.yaml").write_text(VALUES)
    os.symlink(real if directory else real / "values.yaml", folder / "link")
    result = call("--set", "/api/image/tag=v2", "link/values.yaml" if directory else "link")
    assert (result.exit_code, "is a symlink" in result.stderr) == (1, True)
    assert ((folder / "link").is_symlink(), (real / "values.yaml").read_text()) == (True, VALUES)


def test_a_file_in_a_submodule_is_refused_from_outside(folder: Path) -> None:
    module = folder / "module"
    module.mkdir()
    (module / ".git").write_text("gitdir: ../.git/modules/module\n")
    (module / "values.yaml").write_text(VALUES)
    result = call("--set", "/api/image/tag=v2", "module/values.yaml")
    assert (result.exit_code, "submodule" in result.stderr) == (1, True)


def test_a_refusal_names_file_line_and_what_to_do() -> None:
    result = call("--set", "/api/image/digest=x", "values.yaml")
    expected = (
        "refused: values.yaml:3: /api/image/digest does not exist: /api/image has no key 'digest'; add it or"
    )
    assert (result.exit_code, result.stderr.startswith(expected), result.stdout) == (1, True, "")


def test_a_document_is_named_with_its_number(folder: Path) -> None:
    (folder / "two.yaml").write_text("tag: v1\n---\ntag: v1\n")
    assert call("--set", "1#/tag=a=b", "two.yaml").exit_code == 0
    assert (folder / "two.yaml").read_text() == "tag: v1\n---\ntag: a=b\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("values.yaml",),
        ("--tags", "tags.json", "values.yaml"),
        ("--path", "x", "--set", "/a=b", "values.yaml"),
        ("--tags", "tags.json", *PATH, "--set", "/a=b", "values.yaml"),
        ("--set", "no-pointer", "values.yaml"),
        ("--set", "a=b", "values.yaml"),
        ("--set", "/a=b", "gone.yaml"),
        ("--set", "/a=b", "."),
        ("--set", "/a=b", "values.yaml", "tags.json"),
        ("--tags", "tags.json", *PATH, "values.yaml", "./values.yaml"),
        ("--tags", "gone.json", *PATH, "values.yaml"),
        ("--tags", "values.yaml", *PATH, "values.yaml"),
        ("--tags", "tags.json", *PATH),
    ],
)
def test_wrong_usage_exits_with_2_and_writes_nothing(folder: Path, arguments: tuple[str, ...]) -> None:
    assert (call(*arguments).exit_code, (folder / "values.yaml").read_text()) == (2, VALUES)


def test_one_place_for_several_components_is_wrong_usage(folder: Path) -> None:
    entry = {"tag": "1.10", "sha": "3f2a91c", "digest": DIGEST}
    (folder / "tags.json").write_text(json.dumps({"api": entry, "web": entry}))
    result = call("--tags", "tags.json", "--path", "api.image", "values.yaml")
    assert (result.exit_code, "must contain {component}" in result.stderr) == (2, True)


def test_help_shows_examples() -> None:
    assert "lockstep bump --tags component-tags.json --path '{component}.image'" in call("--help").stdout
