"""A run of the probes as JUnit XML for CI, and as a log for people; texts are cut and cleaned of control characters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from bot.decide import text
from bot.decide.probes.values import Case, Finding, Kind, Level, Probed

JUNIT_FILE = "junit.xml"
LOG_FILE = "probes.log"
MAX_TEXT = 20_000
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(probed: Probed, *, strict: bool = False) -> str:
    """One suite for each probe, one case for each question. Warnings are told as the case's output."""
    suites = ElementTree.Element("testsuites", {"name": "lockstep alerts probe"})
    for probe in dict.fromkeys(case.probe for case in probed.cases):
        cases = [case for case in probed.cases if case.probe == probe]
        suites.append(_suite(probe, cases, strict))
    ElementTree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(suites, "unicode") + "\n"


def _suite(probe: str, cases: Sequence[Case], strict: bool) -> ElementTree.Element:
    failing = [_failing(case, strict) for case in cases]
    errors = [_errors(case) for case in cases]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(bool(each) for each in failing)),
        "errors": str(sum(bool(one) and not other for one, other in zip(errors, failing, strict=True))),
    }
    suite = ElementTree.Element("testsuite", {"name": f"alerts probe: {probe}", **counts})
    for case, found, silent in zip(cases, failing, errors, strict=True):
        names = {"classname": _clean(case.file or probe), "name": _clean(case.name)}
        place = {"file": _clean(case.file)} | ({"line": str(case.line)} if case.line else {})
        element = ElementTree.SubElement(suite, "testcase", {**names, **place, "time": f"{case.seconds:.3f}"})
        if found or silent:
            what = ElementTree.SubElement(
                element, "failure" if found else "error", {"message": _clean((found or silent)[0].message)}
            )
            what.text = _text([*found, *silent])
        soft = [each for each in case.findings if each not in found and each not in silent]
        if soft:
            ElementTree.SubElement(element, "system-out").text = _text(soft)
    return suite


def _failing(case: Case, strict: bool) -> list[Finding]:
    return [
        each for each in case.findings if each.kind is not Kind.TOOL and (strict or each.level is Level.ERROR)
    ]


def _errors(case: Case) -> list[Finding]:
    return [each for each in case.findings if each.kind is Kind.TOOL]


def _text(findings: Sequence[Finding]) -> str:
    lines = [f"{each}\n{each.detail}" if each.detail else str(each) for each in findings]
    return _NOT_XML.sub("\ufffd", text.truncate("\n".join(lines), MAX_TEXT, "\n…"))


def _clean(words: str) -> str:
    return _NOT_XML.sub("\ufffd", text.truncate(text.visible(words), 500, "…"))


def log(probed: Probed, *, limit: int | None = None) -> Iterator[str]:
    """The run for people, line by line: findings with the tools' words, then counts, coverage and the notes."""
    found = probed.findings()
    for each in found[:limit]:
        mark = "error" if each.level is Level.ERROR else "warning"
        yield f"{mark}: {each}"
        yield from (f"    {line}" for line in each.detail.splitlines() if len(each.detail.splitlines()) > 1)
    if limit is not None and len(found) > limit:
        yield f"… and {len(found) - limit} more (--json and the artifacts have them)"
    yield from summary(probed)


def summary(probed: Probed) -> Iterator[str]:
    """The counts: rules, tests, configurations, coverage with the least covered groups, notes."""
    covered = probed.coverage
    cases = {
        probe: [c for c in probed.cases if c.probe == probe] for probe in ("rules", "unit tests", "routes")
    }
    bad = {
        probe: sum(bool(_failing(c, False) or _errors(c)) for c in found) for probe, found in cases.items()
    }
    yield (
        f"rules: {text.counted(len(cases['rules']), 'file')}, {covered.alerting.rules} alerting and "
        f"{text.counted(covered.recording.rules, 'recording rule')} as they ship to {probed.environment}; "
        f"{bad['rules'] or 'none'} refused"
    )
    tests = f"{text.counted(len(probed.tests), 'file')}, {text.counted(len(cases['unit tests']), 'test')}"
    yield f"unit tests: {tests}, {bad['unit tests'] or 'none'} failed"
    for each in probed.routings:
        yield (
            f"{each.file}: {text.counted(each.receivers, 'receiver')}, "
            f"{text.counted(each.inhibit_rules, 'inhibit rule')}, "
            f"{text.counted(each.templates, 'template')} ({text.counted(each.template_files, 'file')}), "
            f"{text.counted(each.routes, 'route')}"
        )
    if cases["routes"]:
        yield f"routes: {text.counted(len(cases['routes']), 'probe')}, {bad['routes'] or 'none'} failed"
    for name, share in (
        ("alerting", covered.alerting),
        ("recording", covered.recording),
        ("all", covered.rules),
    ):
        said = f"{share.tested} of {share.rules} ({share.percent:g} %)" if share.rules else "there are none"
        yield f"tested {name} rules: {said}"
    worst = [each for each in covered.groups if each.share.percent < 100][:5]
    for group in worst:
        yield (
            f"  least covered: {text.visible(group.group)} ({group.file}:{group.line}): "
            f"{group.share.tested} of {group.share.rules}"
        )
    for name, what in list(probed.skipped.items())[:20]:
        yield f"left out: {name} ({what})"
    for note in list(dict.fromkeys(probed.notes))[:20]:
        yield f"note: {text.visible(note)}"
