"""`lockstep guard`: exit codes, the JSON's shape, the rules file around the path."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import lockstep

BAD = "services: {a: {environment: [AUTOHEAL_ENABLED=true]}}\n"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "ops").mkdir()
    (tmp_path / "ops/compose.yml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(lockstep, ["guard", *arguments])
    return result.exit_code, result.stdout


def test_what_is_denied_is_told_with_file_and_line_and_ends_with_1(tree: Path) -> None:
    code, said = run("--json")
    (found,) = json.loads(said)["findings"]
    assert code == 1
    assert list(found) == ["guard", "severity", "file", "line", "message"]
    assert (found["guard"], found["severity"], found["file"], found["line"]) == (
        "autoheal_disabled",
        "deny",
        "ops/compose.yml",
        1,
    )


def test_nothing_denied_ends_with_0(tree: Path) -> None:
    (tree / "ops/compose.yml").write_text(BAD.replace("true", "t"))
    assert run()[0] == 0


def test_what_is_left_out_is_told_in_json_too(tree: Path) -> None:
    (tree / "ops/templates").mkdir()
    (tree / "ops/templates/api.yaml").write_text("image: {{ .Values.image }}\n")
    (note,) = json.loads(run("--json")[1])["notes"]
    assert note.startswith("ops/templates/api.yaml: a chart's template, not looked at")


def test_findings_beyond_the_most_of_one_guard_are_counted(tree: Path) -> None:
    services = "".join(f"  s{n}: {{image: 'a:{n}'}}\n" for n in range(1, 1004))
    (tree / "ops/compose.yml").write_text(f"services:\n{services}")
    found = json.loads(run("--json")[1])
    assert len(found["findings"]) == 1000
    assert found["notes"] == [
        "digest_only: 3 more findings are not listed; mend those that are, and ask again"
    ]


def test_case_75_a_heap_of_warnings_hides_nothing_that_is_denied(tree: Path) -> None:
    built = "".join(f"  s{n}: {{image: 'a:{n}', build: .}}\n" for n in range(1, 1004))
    (tree / "ops/compose.yml").write_text(f"services:\n{built}  last: {{image: 'b:1'}}\n")
    code, said = run("--json")
    (denied,) = [each for each in json.loads(said)["findings"] if each["severity"] == "deny"]
    assert (code, denied["line"]) == (1, 1005)


def test_case_75_a_heap_of_decoys_hides_no_token(tree: Path) -> None:
    (tree / "ops/compose.yml").write_text("")
    (tree / "ops/notes.txt").write_text("npm_A1b2A1b2A1b2A1b2A1b2\n" * 3000 + "ghp_" + "A1b2" * 9 + "\n")
    code, said = run("--json")
    (denied,) = json.loads(said)["findings"]
    assert (code, denied["guard"], denied["line"]) == (1, "no_plain_secrets", 1001)
    assert "more lines that look like secrets than are read" in denied["message"]


def test_sarif_is_written(tree: Path) -> None:
    run("--sarif", "out.sarif")
    (result,) = json.loads((tree / "out.sarif").read_text())["runs"][0]["results"]
    assert (result["ruleId"], result["level"]) == ("guards/autoheal_disabled", "error")


def test_an_invalid_rules_file_ends_with_2(tree: Path) -> None:
    (tree / "promotion").mkdir()
    (tree / "promotion/promotion-rules.yaml").write_text("version: 2\n")
    assert run("ops")[0] == 2


def test_case_50_links_pipes_and_loops_are_neither_followed_nor_waited_for(tree: Path) -> None:
    (tree / "ops/compose.yml").write_text("services: {}\n")
    (tree / "ops/passwd.yml").symlink_to("/etc/passwd")
    (tree / "ops/round").symlink_to(tree / "ops", target_is_directory=True)
    os.mkfifo(tree / "ops/pipe.yaml")
    code, said = run("--json", ".")
    told = json.loads(said)["findings"]
    assert code == 1
    assert [(each["guard"], each["file"]) for each in told] == [
        ("unreadable", "ops/passwd.yml"),
        ("unreadable", "ops/pipe.yaml"),
    ]


def test_case_49_a_file_of_100_megabytes_is_found_unread(tree: Path) -> None:
    (tree / "ops/compose.yml").unlink()
    with (tree / "ops/huge.yml").open("wb") as huge, (tree / "disk.img").open("wb") as image:
        huge.truncate(100_000_000)
        image.truncate(100_000_000)
    code, said = run("--json", ".")
    (found,) = json.loads(said)["findings"]
    assert code == 1
    assert (found["guard"], found["file"]) == ("unreadable", "ops/huge.yml")
    assert "larger than 8 MiB" in found["message"]
