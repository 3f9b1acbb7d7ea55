"""`lockstep alerts render` and `compare` as people and pipelines call them (rows A1, A3, A4)."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from bot.cli import lockstep
from bot.decide.alerts import read_bundle

RULES = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n  - record: r\n    expr: up\n"


def run(*words: object) -> Result:
    return CliRunner().invoke(lockstep, ["alerts", *map(str, words)])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "ops" / "alerts"
    (folder / "tests").mkdir(parents=True)
    (folder / "a.yml").write_text(RULES)
    (folder / "b.yaml").write_text(RULES.replace("name: g", "name: h"))
    (folder / "tests" / "a_test.yml").write_text("rule_files: [../a.yml]\ntests: []\n")
    return folder


def render(source: Path, environment: str, *words: object) -> Result:
    output = source.parents[1] / "artifacts" / environment
    return run("render", "--source", source, "--output", output, "--environment", environment, *words)


def bundles(source: Path) -> tuple[Path, Path]:
    for environment in ("staging", "production"):
        assert render(source, environment).exit_code == 0
    folder = source.parents[1] / "artifacts"
    return folder / "staging", folder / "production"


def compare(source: Path, *words: object) -> Result:
    folder = source.parents[1] / "artifacts"
    return run("compare", "--staging", folder / "staging", "--production", folder / "production", *words)


def test_a_bundle_is_written_with_its_bundle_json(source: Path):
    result = render(source, "staging")
    assert result.exit_code == 0
    assert "left out: tests/a_test.yml (promtool unit tests)" in result.output
    staging = source.parents[1] / "artifacts" / "staging"
    assert "environment: staging" in (staging / "a.yml").read_text()
    bundle = read_bundle((staging / "bundle.json").read_bytes())
    assert bundle.environment == "staging"
    assert bundle.counts() == {"files": 2, "groups": 2, "alerting": 2, "recording": 2, "labelled": 2}
    assert [each.file for each in bundle.files] == ["a.yml", "b.yaml"]


def test_rendering_twice_gives_the_same_bytes(source: Path):
    staging, _ = bundles(source)
    before = {path.name: path.read_bytes() for path in staging.iterdir()}
    assert render(source, "staging").exit_code == 0
    assert {path.name: path.read_bytes() for path in staging.iterdir()} == before


def test_a_refused_render_leaves_the_old_bundle_and_tells_every_line(source: Path):
    staging, _ = bundles(source)
    before = {path.name: path.read_bytes() for path in staging.iterdir()}
    (source / "a.yml").write_text(RULES.replace("up == 0", "up =="))
    (source / "b.yaml").write_text("group: []\n")
    result = render(source, "staging")
    assert result.exit_code == 1
    assert "refused: a.yml:5:11:" in result.output
    assert "refused: b.yaml:1:1:" in result.output
    assert {path.name: path.read_bytes() for path in staging.iterdir()} == before


def test_stale_files_of_an_earlier_render_go_and_others_stay(source: Path):
    staging, _ = bundles(source)
    (staging / "NOTES.md").write_text("mine")
    (source / "b.yaml").unlink()
    assert render(source, "staging").exit_code == 0
    assert sorted(path.name for path in staging.iterdir()) == ["NOTES.md", "a.yml", "bundle.json"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--environment", "a b"), "is no environment's name"),
        (("--label", "a-b"), "cannot be the label"),
        (("--output", "{source}/out"), "must lie beside each other"),
        (("--source", "{source}/missing"), "no such file or folder"),
        (("--source", "{source}/tests"), "holds no rule files"),
    ],
)
def test_usage_errors_say_what_to_do(source: Path, words: tuple[str, ...], says: str):
    result = render(source, "staging", *(word.format(source=source) for word in words))
    assert (result.exit_code, says in result.output) == (2, True)


def test_a_foreign_bundle_json_is_not_written_over(source: Path):
    staging, _ = bundles(source)
    (staging / "bundle.json").write_text('{"version": 1}')
    result = render(source, "staging")
    assert (result.exit_code, "name another folder" in result.output) == (2, True)


def test_the_bundles_of_one_source_compare_as_equal(source: Path):
    bundles(source)
    result = compare(source)
    assert (result.exit_code, result.output) == (0, "equal but for the environment label: 2 files, 4 rules\n")


def test_a_difference_is_told_with_both_places_and_exit_code_1(source: Path):
    _, production = bundles(source)
    (production / "a.yml").write_text((production / "a.yml").read_text().replace("up == 0", "up == 1"))
    result = compare(source)
    assert result.exit_code == 1
    place = f"{production / 'a.yml'}:5 (staging line 5)"
    assert (
        f"{place}: field-differs: group g, rule A, expr: 'up == 0' in staging, 'up == 1' in production"
        in result.output
    )


def test_json_sarif_and_junit_tell_the_same_findings(source: Path, tmp_path: Path):
    _, production = bundles(source)
    (production / "b.yaml").unlink()
    sarif, junit = tmp_path / "out" / "drift.sarif", tmp_path / "out" / "drift.xml"
    result = compare(source, "--json", "--sarif", sarif, "--junit", junit)
    assert result.exit_code == 1
    (finding,) = json.loads(result.output)["findings"]
    assert (finding["kind"], finding["file"]) == ("file-missing", "b.yaml")
    (told,) = json.loads(sarif.read_text())["runs"][0]["results"]
    assert told["ruleId"] == "alerts/file-missing"
    assert told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("staging/b.yaml")
    suite = ElementTree.fromstring(junit.read_text())[0]
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")


def test_control_characters_in_values_reach_no_report_raw(source: Path, tmp_path: Path):
    _, production = bundles(source)
    text = (production / "a.yml").read_text().replace("alert: A\n", 'alert: "A\\e[31m\\u202e<b>"\n')
    (production / "a.yml").write_text(text)
    junit = tmp_path / "drift.xml"
    result = compare(source, "--junit", junit)
    assert result.exit_code == 1
    assert not {"\x1b", "\u202e"} & set(result.output)
    assert ElementTree.fromstring(junit.read_text()) is not None


def test_a_rule_file_that_no_bundle_json_lists_is_a_difference(source: Path):
    _, production = bundles(source)
    (production / "extra.yml").write_text(RULES)
    assert "extra.yml:1: file-missing" in compare(source).output


def test_a_file_missing_in_both_bundles_is_a_difference(source: Path):
    for folder in bundles(source):
        (folder / "b.yaml").unlink()
    result = compare(source)
    assert (result.exit_code, "listed in bundle.json and missing in both" in result.output) == (1, True)


def test_a_bundle_compared_with_itself_is_a_difference(source: Path):
    staging, _ = bundles(source)
    result = run("compare", "--staging", staging, "--production", staging)
    assert (result.exit_code, "both bundles are rendered for 'staging'" in result.output) == (1, True)


def test_bundles_without_bundle_json_are_compared_by_what_most_rules_carry(source: Path):
    for folder in bundles(source):
        (folder / "bundle.json").unlink()
    assert compare(source).exit_code == 0


@pytest.mark.parametrize("missing", ["staging", "production"])
def test_a_missing_folder_is_a_usage_error(source: Path, missing: str):
    bundles(source)
    result = compare(source, f"--{missing}", source / "no")
    assert (result.exit_code, f"render the {missing} bundle first" in result.output) == (2, True)


def test_empty_folders_are_never_equal(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert run("compare", "--staging", tmp_path / "a", "--production", tmp_path / "b").exit_code == 2


def test_many_files_are_shared_among_processes_with_the_same_result(source: Path):
    for number in range(120):
        (source / f"n{number}.yml").write_text(RULES)
    _, production = bundles(source)
    text = (production / "n7.yml").read_text()
    (production / "n7.yml").write_text(text.replace("up == 0", "up == 2"))
    result = compare(source, "--json")
    answer = json.loads(result.output)
    assert [(each["file"], each["field"]) for each in answer["findings"]] == [("n7.yml", "expr")]
    assert answer["counts"] == {"files": 122, "rules": 244, "findings": 1}


@pytest.mark.parametrize("command", ["render", "compare"])
def test_help_shows_examples_that_start_with_the_command(command: str):
    assert f"lockstep alerts {command} --s" in run(command, "--help").output
