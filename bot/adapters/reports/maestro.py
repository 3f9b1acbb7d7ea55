"""Maestro's JUnit reports as flows: name, exit code, error (rows C1, C2).

`junit` counts; here is asked which flow a case belongs to. Plain reports have one case a flow, detailed ones a suite of
steps. Newer ones name the flow's `file`, which is the name that the alert's readers know.
Maestro's own exit code is 1 when a flow fails: https://docs.maestro.dev/cli/test-suites-and-reports
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bot.adapters.reports import junit
from bot.adapters.reports.refused import ReportRefused, refuse
from bot.adapters.reports.xml_document import load_xml
from bot.model.validation import Flow, FlowReport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FAILED = 1
"""Maestro's exit code for a flow that failed; JUnit has no place for another."""
DEPLOYMENT_FILE = "deployment.json"
"""An artifact may say beside its reports which deployment was validated."""
DEPLOYMENT_KEYS = ("terraformDeploymentId", "terraform_deployment_id", "deployment")
LONGEST_ERROR = 500
LONGEST_ID = 100


def read(files: Mapping[str, bytes]) -> FlowReport:
    """All flows of several files together; one that stands in several failed when it failed in any.

    Raises ReportRefused for the first file that cannot be read, when there is no report, and when no flow ran.
    """
    reports = {name: data for name, data in files.items() if name.lower().endswith(".xml")}
    if not reports:
        raise ReportRefused("the artifact", "holds no JUnit report (*.xml), so nothing was validated")
    found: dict[str, Flow] = {}
    for name, data in sorted(reports.items()):
        for flow in _flows(data, name):
            known = found.get(flow.name)
            found[flow.name] = flow if known is None or flow.failed else known
    if not found:
        raise ReportRefused("the reports", "hold no flow that ran, so nothing was validated")
    return FlowReport(flows=tuple(found.values()), deployment=_deployment(files))


def _flows(data: bytes, name: str) -> Iterator[Flow]:
    counted = junit.read(data, name=name)
    root = load_xml(data, name=name)
    cases = [each for each in root.iter("testcase") if junit.ran(each)]
    if root.tag == "testcase":
        cases = [root] if junit.ran(root) else []
    places = {_place(each) for each in cases}
    bases = Counter(PurePosixPath(place).name for place in places)
    failed: dict[str, str] = {}
    for case in cases:
        place = _place(case)
        base = PurePosixPath(place).name
        flow = base if base and bases[base] == 1 else place
        error = junit.failure_of(case)
        if error is not None:
            failed.setdefault(
                flow, error[:LONGEST_ERROR] or "the flow failed and its report does not say why"
            )
        elif flow not in failed:
            yield Flow(name=flow)
    yield from (Flow(name=flow, exit_code=FAILED, error=error) for flow, error in failed.items())
    if counted.failed and not failed:
        # A suite that states failures of which none of its cases tells: a crash before the first one.
        told = counted.failures[0]
        yield Flow(name=told.name or PurePosixPath(name).name, exit_code=FAILED, error=told.message)


def _place(case: Element) -> str:
    """What the flow is called: its file's path, else the suite of its steps, else its title."""
    place = case.get("file") or case.get("classname") or case.get("name") or "(a flow without a name)"
    return place.strip()[:300]


def _deployment(files: Mapping[str, bytes]) -> str:
    """What `deployment.json` says; empty when there is none. One that cannot be read refuses the report."""
    named = [name for name in files if PurePosixPath(name).name == DEPLOYMENT_FILE]
    if not named:
        return ""
    where = named[0]
    if len(named) > 1:
        refuse(where, "is there more than once; keep the one that is meant")
    try:
        found = json.loads(files[where])
    except (ValueError, RecursionError):
        refuse(where, "is not JSON")
    values = [found.get(key) for key in DEPLOYMENT_KEYS] if isinstance(found, dict) else []
    for value in values:
        if isinstance(value, str) and value.strip() and len(value) <= LONGEST_ID and value.isprintable():
            return value.strip()
    raise ReportRefused(
        where, f"names no deployment: write it as {DEPLOYMENT_KEYS[0]}, at most {LONGEST_ID} characters"
    )
