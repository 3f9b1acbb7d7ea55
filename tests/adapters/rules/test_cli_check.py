"""`lockstep check` as people and pipelines meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.adapters.rules import json_schema
from bot.cli_check import check


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(check, [str(argument) for argument in arguments])


@pytest.fixture
def repository(tmp_path: Path, valid: str) -> Path:
    """A config repository with a valid rules file."""
    (tmp_path / "promotion").mkdir()
    (tmp_path / "promotion" / "promotion-rules.yaml").write_text(valid, encoding="utf-8")
    return tmp_path


def test_a_valid_repository_is_ok_with_a_line_for_each_environment(repository: Path) -> None:
    result = run(repository)
    assert (result.exit_code, result.output.splitlines()) == (
        0,
        [
            "ok: promotion/promotion-rules.yaml",
            "  dev ← app: merge auto, latest; gates image, source; approvals none by role; 1 values file",
        ],
    )


def test_this_directory_is_the_default(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    assert run().exit_code == 0


def test_a_file_can_be_named(repository: Path) -> None:
    assert run(repository / "promotion" / "promotion-rules.yaml").exit_code == 0


def test_an_invalid_file_prints_its_errors_and_ends_with_2(repository: Path) -> None:
    file = repository / "promotion" / "promotion-rules.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "x: 1\n", encoding="utf-8")
    result = run(repository)
    assert result.exit_code == 2
    assert result.stderr.startswith("promotion/promotion-rules.yaml:12:1: x: unknown key")


def test_a_directory_without_a_rules_file_ends_with_2(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert (result.exit_code, "no rules file" in result.stderr) == (2, True)


def test_a_path_that_does_not_exist_ends_with_2(tmp_path: Path) -> None:
    assert run(tmp_path / "nowhere").exit_code == 2


def test_two_rules_files_end_with_2(repository: Path, valid: str) -> None:
    (repository / ".github").mkdir()
    (repository / ".github" / "promotion-rules.yaml").write_text(valid, encoding="utf-8")
    assert run(repository).exit_code == 2


def test_json_tells_machines_about_a_valid_file(repository: Path) -> None:
    told = json.loads(run(repository, "--json").stdout)
    assert (told["ok"], told["errors"], told["environments"][0]["name"]) == (True, [], "dev")


def test_json_tells_machines_about_errors(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("version: 1\nversion: 1\n", encoding="utf-8")
    result = run(tmp_path / "rules.yaml", "--json")
    told = json.loads(result.stdout)
    first = {key: told["errors"][-1][key] for key in ("line", "column", "key")}
    assert (result.exit_code, told["ok"], first) == (2, False, {"line": 2, "column": 1, "key": "version"})


def test_the_schema_is_printed_as_json() -> None:
    assert json.loads(run("--schema").stdout) == json_schema()


def test_help_shows_an_example() -> None:
    assert "lockstep check promotion/promotion-rules.yaml" in run("--help").output
