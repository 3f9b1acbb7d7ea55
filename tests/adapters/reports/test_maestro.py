"""Maestro's reports in all their shapes, and other tools' JUnit in their place: flows, or a refusal (rows C1, C2).

LOCKSTEP_CORPUS names a folder with more reports, in its part `quality/junit`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.adapters.reports import maestro
from bot.adapters.reports.refused import ReportRefused
from bot.model.validation import Flow
from tests.adapters.reports.test_hostile import HOSTILE_XML

OWN = Path(__file__).resolve().parents[2] / "data" / "reports"
JUNIT = (
    Path(os.environ["LOCKSTEP_CORPUS"]) / "quality" if os.environ.get("LOCKSTEP_CORPUS") else OWN
) / "junit"
REFUSED = {"non-junit.xml", "empty.xml", "fixie.xml", "non-xml.xml", "NUnit-net461-sample.trx"}
FAILED_STEP = (
    '<testsuites><testsuite name="Test Suite"><testsuite name="Login" tests="3" failures="1">'
    '<testcase name="1. Launch app" classname="Login" status="COMPLETED"/>'
    '<testcase name="2. Tap" classname="Login" status="FAILED"><failure>Element not found: Tap</failure></testcase>'
    '<testcase name="3. Assert" classname="Login" status="PENDING"/></testsuite>'
    '<testsuite name="Search"><testcase name="1. Launch" classname="Search" status="WARNED"/>'
    '<testcase name="2. When" classname="Search" status="SKIPPED"/></testsuite></testsuite></testsuites>'
)


def read(xml: str) -> list[Flow]:
    return list(maestro.read({"report.xml": xml.encode()}).flows)


def case(rest: str, inside: str = "") -> str:
    return f'<testsuites><testsuite name="Test Suite"><testcase {rest}>{inside}</testcase></testsuite></testsuites>'


def reports() -> list[Path]:
    return sorted(path for path in JUNIT.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", reports(), ids=lambda path: path.relative_to(JUNIT).as_posix())
def test_every_junit_file_comes_to_flows_or_is_refused_by_its_name(path: Path) -> None:
    files = {"report.xml": path.read_bytes()}
    if path.name in REFUSED:
        with pytest.raises(ReportRefused, match=r"^report\.xml: "):
            maestro.read(files)
    else:
        assert maestro.read(files).flows


@pytest.mark.parametrize("document", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_hostile_xml_is_no_validation(document: str) -> None:
    with pytest.raises(ReportRefused, match=r"^report\.xml: "):
        read(document)


@pytest.mark.parametrize(
    ("attributes", "flow"),
    [
        (
            'id="a" name="Log in" classname="Log in" file=".maestro/log-in.yaml" status="SUCCESS"',
            "log-in.yaml",
        ),
        (
            'id="radio" name="radio" classname="radio" file=".maestro\\radio.yaml" status="SUCCESS"',
            "radio.yaml",
        ),
        ('id="TC-1" name="Log in" classname="com.example.LoginTest" status="SUCCESS"', "Log in"),
        ('id="log-in" name="Log in" status="SUCCESS"', "Log in"),
        ('id="log-in" name="Log in"', "Log in"),
        ('id="search" name="Search / filter (480x854 / 360dp)"', "Search / filter (480x854 / 360dp)"),
        ('name="1. Launch app" classname="Log in" status="COMPLETED"', "Log in"),
        ('name="Log in"', "Log in"),
        ("", "(a flow without a name)"),
    ],
    ids=[
        "2.6: file",
        "2.6 on Windows",
        "2.5: classname of its own",
        "id and name",
        "2022: no status",
        "a slash in a title",
        "a step",
        "a name",
        "bare",
    ],
)
def test_a_flow_is_called_as_its_report_allows(attributes: str, flow: str) -> None:
    assert read(case(attributes)) == [Flow(name=flow)]


def test_flows_of_one_class_stay_apart() -> None:
    xml = (
        '<testsuite name="s"><testcase id="1" name="Log in" classname="Shop" status="SUCCESS"/>'
        '<testcase id="2" name="Pay" classname="Shop" status="ERROR"><failure>no</failure></testcase></testsuite>'
    )
    assert read(xml) == [Flow(name="Log in"), Flow(name="Pay", exit_code=1, error="no")]


def test_nested_suites_of_steps_are_one_flow_each() -> None:
    assert read(FAILED_STEP) == [
        Flow(name="Login", exit_code=1, error="Element not found: Tap"),
        Flow(name="Search"),
    ]


@pytest.mark.parametrize("status", ["PENDING", "PREPARING", "INSTALLING", "RUNNING"])
def test_a_flow_that_did_not_finish_has_not_passed(status: str) -> None:
    found = read(case(f'id="a" name="Log in" status="{status}"'))
    assert found == [
        Flow(name="Log in", exit_code=1, error=f"it did not finish: its report says {status}"),
    ]


@pytest.mark.parametrize("status", ["ERROR", "CANCELED", "STOPPED", "SOMETHING-NEW"])
def test_a_flow_that_is_not_known_to_be_well_has_not_passed(status: str) -> None:
    assert [each.failed for each in read(case(f'id="a" name="Log in" status="{status}"'))] == [True]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ('<property name="exitCode" value="137"/>', 137),
        ('<property name="tags" value="smoke"/><property name="exit-code" value="2"/>', 2),
        ('<property name="EXIT_CODE">-9</property>', -9),
        ('<property name="exitCode" value="0"/>', 1),
        ('<property name="other" value="3"/>', 1),
    ],
)
def test_a_property_says_the_exit_code_that_junit_has_no_place_for(properties: str, code: int) -> None:
    inside = f"<properties>{properties}</properties><failure>no</failure>"
    assert read(case('id="a" name="a"', inside)) == [Flow(name="a", exit_code=code, error="no")]


def test_the_exit_code_of_a_suite_is_that_of_its_flows() -> None:
    xml = (
        '<testsuite name="s"><properties><property name="exitCode" value="124"/></properties>'
        '<testcase id="a" name="a" status="ERROR"/></testsuite>'
    )
    assert [each.exit_code for each in read(xml)] == [124]


def test_an_exit_code_alone_is_a_failure() -> None:
    inside = '<properties><property name="exitCode" value="3"/></properties>'
    assert [each.exit_code for each in read(case('id="a" name="a" status="SUCCESS"', inside))] == [3]


@pytest.mark.parametrize("value", ["", "one", "256", "1.0", "99999999999999999999"])
def test_an_exit_code_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(ReportRefused, match="property exitCode"):
        read(case('id="a" name="a"', f'<properties><property name="exitCode" value="{value}"/></properties>'))


def test_an_error_that_only_announces_the_next_line_is_told_with_it() -> None:
    error = "<failure>Could not parse Flow file:\n\nFlow files must contain a config section</failure>"
    (found,) = read(case('id="a" name="a"', error))
    assert found.error == "Could not parse Flow file: Flow files must contain a config section"
