"""JUnit XML as pytest, Jest, Gradle, Surefire, Maestro, Bazel, mocha and others write it.

There is no one standard. What is common: suites, possibly nested, of test cases; a case with <failure> or <error>
did not pass, one with <skipped> did not run. The cases are counted, because the numbers that suites state about
themselves are missing or differ by tool. One exception: a suite that states failures of which none of its cases
tells (a crash before the first case) counts them as failed.
https://github.com/testmoapp/junitxml collects what tools write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.adapters.reports.refused import refuse, shown
from bot.adapters.reports.xml_document import load_xml, local, whole
from bot.model.reports import TestFailure, TestReport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ROOTS = frozenset({"testsuites", "testsuite", "testcase"})
_FAILED = ("failure", "error")
_FAILED_STATES = frozenset(
    {"error", "errored", "fail", "failed", "failure", "canceled", "cancelled", "stopped"}
)
"""`status` of Maestro and others, for a case that failed without saying how."""
_SKIPPED_STATES = frozenset({"notrun", "skipped", "disabled", "pending", "suppressed"})
"""`status` or `result` of GoogleTest, and words of others for the same."""


def read(data: bytes, *, name: str) -> TestReport:
    """Counts the test cases. Raises ReportRefused when it is not XML or not JUnit's.

    A report without cases is read, with `executed` 0: whether that is enough is for the gate to say.
    """
    root = load_xml(data, name=name)
    if local(root.tag) not in ROOTS:
        refuse(
            name,
            f"has the root element <{shown(local(root.tag), 40)}>; JUnit XML has <testsuites> or <testsuite>",
        )
    return _case(root, name) if root.tag == "testcase" else _suite(root, name)


def _inside(element: Element, name: str) -> TestReport:
    """Everything in an element: a case counts wherever it stands, so that none can be missed in a wrapper."""
    found = TestReport()
    for part in element:
        found += _case(part, name) if part.tag == "testcase" else _suite(part, name)
    return found


def _suite(suite: Element, name: str) -> TestReport:
    found = _inside(suite, name) + TestReport(suites=1 if suite.tag == "testsuite" else 0)
    stated = sum(whole(suite, each, name=name) or 0 for each in ("failures", "errors") if suite.tag in ROOTS)
    if stated and not found.failed:
        says = TestFailure(
            name=suite.get("name", ""), message="the suite states failures that none of its cases tells of"
        )
        found += TestReport(executed=stated, failed=stated, failures=(says,))
    return found


def _case(case: Element, name: str) -> TestReport:
    return _own(case) + _inside(case, name)


def _own(case: Element) -> TestReport:
    message = failure_of(case)
    if message is not None:
        failure = TestFailure(name=_name(case), message=message)
        return TestReport(executed=1, failed=1, failures=(failure,))
    if not ran(case):
        return TestReport(skipped=1)
    return TestReport(executed=1, passed=1)


def failure_of(case: Element) -> str | None:
    """What a failed case says, perhaps nothing; None when it did not fail."""
    broken = [part for tag in _FAILED for part in case if part.tag == tag]
    return _message(broken) if broken or _states(case) & _FAILED_STATES else None


def ran(case: Element) -> bool:
    """Whether the case was executed: one that failed was, whatever else it says."""
    skipped = any(part.tag == "skipped" for part in case) or bool(_states(case) & _SKIPPED_STATES)
    return failure_of(case) is not None or not skipped


def _states(case: Element) -> set[str]:
    return {(case.get(each) or "").strip().lower() for each in ("status", "result")}


def _name(case: Element) -> str:
    where, what = case.get("classname", ""), case.get("name", "")
    return what if not where or where == what else f"{where}.{what}"


def _message(broken: Sequence[Element]) -> str:
    """The first line that says something."""
    for part in broken:
        told = part.get("message") or (part.text or "") or part.get("type") or ""
        lines = told.strip().splitlines()
        if lines:
            return lines[0][:500]
    return ""
