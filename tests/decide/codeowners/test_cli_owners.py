"""`lockstep owners` as people and pipelines call it: what it prints, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli_owners import owners

GOOD = "* @everyone\n/docs/ @docs d@example.com # writers\n/open/\n"


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root of a repository, with the working directory below it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "CODEOWNERS").write_text(GOOD)
    (tmp_path / "CODEOWNERS").write_text("* @wrong\n")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    return tmp_path


def call(*arguments: str, stdin: str | bytes = "") -> Result:
    return CliRunner().invoke(owners, arguments, input=stdin, prog_name="lockstep owners")


def test_owners_are_printed_by_the_file_that_github_would_take() -> None:
    result = call("docs/a.md", "./src/b", "open/c")
    assert result.stdout == "docs/a.md\t@docs d@example.com\nsrc/b\t@everyone\nopen/c\t(nobody)\n"
    assert (result.exit_code, result.stderr) == (0, "")


def test_json_maps_each_path_to_its_owners() -> None:
    result = call("--json", "docs/é.md", "open/c")
    assert json.loads(result.stdout) == {"docs/é.md": ["@docs", "d@example.com"], "open/c": []}


def test_a_dash_reads_paths_from_standard_input() -> None:
    result = call("-", stdin="docs/a b.md\n\nsrc/x\n")
    assert result.stdout == "docs/a b.md\t@docs d@example.com\nsrc/x\t@everyone\n"


def test_a_file_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("*.go @go\n")
    result = call("--codeowners", str(tmp_path / "mine"), "a.go", "a.py")
    assert (result.exit_code, result.stdout) == (0, "a.go\t@go\na.py\t(nobody)\n")


def test_case_44_invalid_lines_are_named_and_the_exit_code_is_2(repository: Path) -> None:
    (repository / ".github" / "CODEOWNERS").write_text("* @everyone\n/docs/ user\n")
    result = call("docs/a", "src/b")
    assert (result.exit_code, result.stdout) == (2, "docs/a\t@everyone\nsrc/b\t@everyone\n")
    assert result.stderr.splitlines() == [
        ".github/CODEOWNERS:2:8: Invalid owner: `user` is not `@user`, `@organization/team` or an e-mail address",
        "docs/a: owners unresolved: line 2",
    ]


def test_case_44_a_file_over_3_mb_answers_nothing_and_exits_2(repository: Path) -> None:
    (repository / ".github" / "CODEOWNERS").write_text("* @everyone\n" + "#" * 3_000_000)
    result = call("docs/a")
    assert (result.exit_code, result.stdout) == (2, "")
    assert ".github/CODEOWNERS: File too large: 3000012 bytes" in result.stderr


def test_without_any_file_the_places_are_named(repository: Path) -> None:
    (repository / ".github" / "CODEOWNERS").unlink()
    (repository / "CODEOWNERS").unlink()
    result = call("a")
    assert (result.exit_code, result.stdout) == (2, "")
    assert ".github/CODEOWNERS, CODEOWNERS, docs/CODEOWNERS" in result.stderr


def test_a_named_file_that_is_missing_exits_2() -> None:
    result = call("--codeowners", "nowhere", "a")
    assert (result.exit_code, result.stderr) == (2, "nowhere: No such file or directory\n")


def test_outside_a_repository_the_option_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    result = call("a")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--codeowners" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin"), [(("/a",), ""), (("docs/",), ""), (("../a",), ""), (("-",), b"\xff\n"), ((), "")]
)
def test_what_is_no_path_exits_2(arguments: tuple[str, ...], stdin: str | bytes) -> None:
    result = call(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "")
