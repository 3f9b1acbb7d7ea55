"""Maestro's JUnit reports as flows: name, exit code, error (rows C1, C2).

`junit` counts; here is asked which flow a case belongs to. Plain reports have one case a flow, with an `id`; detailed
ones a suite of steps. Newer ones name the flow's `file`, which is the name that the alert's readers know, and let the
flow choose its `id` and `classname`, so `name` is its title: https://github.com/mobile-dev-inc/Maestro/pull/3266
JUnit has no exit codes. A property `exitCode` of the flow, or of its suite, says it where a script wrote one; else it
is Maestro's own for a flow that did not pass, 1: https://docs.maestro.dev/cli/test-suites-and-reports
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from bot.adapters.reports import junit
from bot.adapters.reports.refused import NoReportThere, ReportRefused, refuse, shown
from bot.adapters.reports.xml_document import load_xml
from bot.model.validation import Flow, FlowReport

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

FAILED = 1
"""Maestro's exit code for a flow that failed; JUnit has no place for another."""
DEPLOYMENT_FILE = "deployment.json"
"""An artifact may say beside its reports which deployment was validated."""
DEPLOYMENT_KEYS = ("terraformDeploymentId", "terraform_deployment_id", "deployment")
EXIT_CODE_KEYS = frozenset({"exitcode", "exit-code", "exit_code"})
"""Names of the property, in small letters. Maestro copies a flow's own `properties` into its report."""
PASSED = frozenset({"", "success", "warning", "completed", "warned"})
"""What `status` says of a flow or step that is well; a warning is an optional step that failed."""
UNFINISHED = frozenset({"pending", "preparing", "installing", "running"})
"""What it says of a flow or step that was cut off: such a report holds no failure, and proves nothing."""
LONGEST_ERROR = 500
LONGEST_NAME = 300
LONGEST_ID = 100
_SEPARATORS = re.compile(r"[/\\]")
_CODE = re.compile(r"-?[0-9]{1,3}")


def read(files: Mapping[str, bytes]) -> FlowReport:
    """All flows of several files together; one that stands in several failed when it failed in any.

    Raises ReportRefused for the first file that cannot be read, when there is no report, and when no flow ran.
    """
    reports = {name: data for name, data in files.items() if name.lower().endswith(".xml")}
    if not reports:
        raise NoReportThere("the artifact", "holds no JUnit report (*.xml), so nothing was validated")
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
    cases = list(_cases(load_xml(data, name=name), name, 0))
    bases = Counter(map(_base, {each.file for each in cases}))
    flows: dict[str, Flow] = {}
    for each in cases:
        base = _base(each.file)
        flow = (base if bases[base] == 1 else each.file) if base else each.title
        known = flows.get(flow)
        if known is None or (each.error is not None and not known.failed):
            code, error = (0, "") if each.error is None else (each.code or FAILED, each.error)
            flows[flow] = Flow(name=flow, exit_code=code, error=error)
    yield from flows.values()
    if counted.failed and not any(each.failed for each in flows.values()):
        # A suite that states failures of which none of its cases tells: a crash before the first one.
        told = counted.failures[0]
        yield Flow(name=told.name or PurePosixPath(name).name, exit_code=FAILED, error=told.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A flow, or a step of one, that did something."""

    title: str
    """What the flow is called where its report names no file."""
    file: str
    """The flow's path; empty where the report does not tell it."""
    code: int
    """What a property says; 0 where none does."""
    error: str | None
    """None when it passed."""


def _cases(element: Element, name: str, code: int) -> Iterator[_Case]:
    """Every case in an element that ran or should have; `code` is what the suites around it say."""
    own = _exit_code(element, name)
    code = code if own is None else own
    if element.tag == "testcase":
        error = _error(element, code)
        if error is not None or junit.ran(element):
            file = (element.get("file") or "").strip()[:LONGEST_NAME]
            yield _Case(title=_title(element), file=file, code=code, error=error)
    for part in element:
        yield from _cases(part, name, code)


def _error(case: Element, code: int) -> str | None:
    """Why it did not pass; None when it did. What is not known to be a success is none."""
    told = junit.failure_of(case)
    if told is not None:
        return _whole_message(case, told)[:LONGEST_ERROR] or "the flow failed and its report does not say why"
    status = (case.get("status") or "").strip().lower()
    if status in UNFINISHED:
        return f"it did not finish: its report says {status.upper()}"
    if junit.ran(case) and case.get("id") is not None and status not in PASSED:
        return f"its report says {shown(status.upper(), 40)}, which is not known to be a success"
    return f"it ended with exit code {code}, by its report's property" if code and junit.ran(case) else None


def _whole_message(case: Element, told: str) -> str:
    """The first line; with the next that says something when it only announces it."""
    if not told.endswith(":"):
        return told
    text = next((part.text or "" for part in case if part.tag in ("failure", "error")), "")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[:2]) if lines[:1] == [told] else told


def _exit_code(element: Element, name: str) -> int | None:
    """What a property of this element says; None where none does. Raises ReportRefused for what is no exit code."""
    for place in element:
        if place.tag != "properties":
            continue
        for each in place:
            if (each.get("name") or "").lower() in EXIT_CODE_KEYS:
                value = (each.get("value") or each.text or "").strip()
                if not _CODE.fullmatch(value) or not -255 <= int(value) <= 255:
                    refuse(name, "has a property exitCode that is no whole number from -255 to 255")
                return int(value)
    return None


def _base(path: str) -> str:
    """A path's last part: `.maestro/log-in.yaml`, and on Windows `.maestro\\log-in.yaml`, are `log-in.yaml`."""
    return _SEPARATORS.split(path)[-1]


def _title(case: Element) -> str:
    """The flow's title, or for a step the suite of its steps. A slash in it is a person's, and no path's."""
    title = case.get("name") if case.get("id") is not None else case.get("classname")
    return (title or case.get("name") or "(a flow without a name)").strip()[:LONGEST_NAME]


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
