"""promtool's and amtool's words as findings with file and line.

The words are those of promtool 2.42 to 3.x and amtool 0.25 and later; what is not understood is told as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.decide import text
from bot.decide.alerts.durations import seconds
from bot.decide.probes.adapting import marker
from bot.decide.probes.shipped import Shipped
from bot.decide.probes.testfiles import Test, TestFile
from bot.decide.probes.values import Finding, Kind
from bot.model.probes import Said

MAX_DETAIL = 4_000
_HEAD = re.compile(r"^ {4}(name|alertname|expr|rule): (.*)$")
_ALERT = re.compile(r"(?P<alert>.*), time: (?P<time>[^,]*),\s*(?P<rest>.*)", re.DOTALL)
_EXPR = re.compile(r'(?P<expr>"(?:\\.|[^"\\])*"), time: (?P<time>[^,]*),\s*(?P<rest>.*)', re.DOTALL)
_RULE = re.compile(r"(?P<rule>.*?), time: (?P<time>[^,]*), err: (?P<rest>.*)", re.DOTALL)
_CHECKING = re.compile(r"^Checking (.*)$")
_PLACED = re.compile(r"^(?:(?P<line>\d+):(?P<column>\d+): )?group \"(?P<group>.*?)\", rule (?P<rule>\d+), ")
_LINE = re.compile(r"^\s*(?:yaml: )?line (\d+): ", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed question of a test file: whose test it is (None: the file as a whole), and the finding."""

    test: int | None
    finding: Finding


def stopped(tool: str, trouble: str, on: str) -> str:
    """That a tool gave no answer, and how somebody whose files are honestly large gets one."""
    limits = [
        *(["time (--timeout on the command line, PROBE_SECONDS of the worker)"] if "time" in trouble else []),
        *(["memory (--memory on the command line)"] if "memory" in trouble else []),
    ]
    more = f", or give it more {' or '.join(limits)}" if limits else ""
    return f"{tool} {trouble} on {on}; make that smaller{more}"


def shown(words: str, limit: int = 600) -> str:
    """A tool's words in one line: visible, cut."""
    return text.truncate(text.visible(words), limit, "…")


def detail_of(words: str) -> str:
    """A tool's words in lines, each visible, cut."""
    shown_lines = (
        "".join(each if each.isprintable() else " " for each in line).rstrip() for line in words.splitlines()
    )
    return text.truncate("\n".join(shown_lines), MAX_DETAIL, "\n…")


def failures_of(said: Said, tests: TestFile, loaded: Sequence[Shipped]) -> list[Failure]:
    """What `promtool test rules` said about one file."""
    if said.trouble:
        message = stopped("promtool", said.trouble, "these tests")
        return [_of(None, Finding(kind=Kind.TOOL, file=tests.file, line=None, message=message))]
    if said.code == 0:
        return []
    body = said.text.partition("FAILED:\n")[2] or said.text
    found = [each for block in _blocks(body) for each in _failure(block, tests, loaded)]
    if not found:
        message = f"promtool failed with code {said.code} and said: {shown(said.text) or 'nothing'}"
        found = [_of(None, Finding(kind=Kind.TOOL, file=tests.file, line=None, message=message))]
    return found


def _of(test: int | None, finding: Finding) -> Failure:
    return Failure(test=test, finding=finding)


@dataclass(slots=True)
class _Block:
    kind: str
    name: str
    words: str


def _blocks(body: str) -> Iterator[_Block]:
    """The failures in promtool's words: each starts at a line with `alertname:`, `expr:` or `rule:`."""
    here, name = _Block("", "", ""), ""
    for line in body.splitlines():
        head = _HEAD.match(line)
        if head is None:
            here.words += line + "\n"
        elif head.group(1) == "name":
            yield from _whole(here)
            here, name = _Block("", "", ""), head.group(2).rstrip(", ")
        else:
            yield from _whole(here)
            here, name = _Block(head.group(1), name, head.group(2) + "\n"), ""
    yield from _whole(here)


def _whole(block: _Block) -> Iterator[_Block]:
    if block.words.strip():
        yield block


def _failure(block: _Block, tests: TestFile, loaded: Sequence[Shipped]) -> list[Failure]:
    test = next((each for each in tests.tests if marker(each.index) == block.name), None)
    detail = detail_of(block.words.rstrip())
    if block.kind == "rule" and (found := _RULE.fullmatch(block.words.strip())):
        return [_of(test.index if test else None, _rule_failed(found, tests, loaded, detail))]
    if block.kind == "alertname" and (found := _ALERT.fullmatch(block.words.strip())):
        line, name = _alert_line(test, found.group("alert"), found.group("time")), found.group("alert")
        what = f"alert {shown(name, 120)} at {found.group('time')}: {_difference(found.group('rest'))}"
    elif block.kind == "expr" and (found := _EXPR.fullmatch(block.words.strip())):
        expr = _unquoted(found.group("expr"))
        test, line = _asked(tests, test, expr, found.group("time"))
        what = f"{shown(expr, 160)} at {found.group('time')}: {shown(found.group('rest'), 400)}"
    else:
        return [_of(test.index if test else None, each) for each in _whole_file(block.words, tests, loaded)]
    title = f"{shown(test.title, 120)}: " if test else ""
    finding = Finding(
        kind=Kind.TEST,
        file=tests.file,
        line=line or (test.line if test else None),
        message=title + what,
        detail=detail,
    )
    return [_of(test.index if test else None, finding)]


def _difference(rest: str) -> str:
    """What was expected and what came, in a few words."""
    expected, _, got = rest.partition("got:[")
    expected = expected.partition("exp:[")[2]
    if "got:[" not in rest:
        return shown(rest, 400)
    counts = expected.count("Labels:{"), got.count("Labels:{")
    if not counts[1]:
        return f"{_alerts(counts[0])} expected, none came"
    if not counts[0]:
        return f"none expected, {_alerts(counts[1])} came"
    wanted, came = (shown(each.strip().rstrip(",").rstrip(" ]"), 400) for each in (expected, got))
    return f"expected {wanted} but got {came}"


def _alerts(count: int) -> str:
    return "1 alert" if count == 1 else f"{count} alerts"


def _same_time(one: str, other: str) -> bool:
    return one == other or (seconds(one) is not None and seconds(one) == seconds(other))


def _alert_line(test: Test | None, alert: str, time: str) -> int | None:
    if test is None:
        return None
    named = [each for each in test.alerts if each.alert == alert]
    return next((each.line for each in named if _same_time(each.time, time)), None)


def _asked(tests: TestFile, test: Test | None, expr: str, time: str) -> tuple[Test | None, int | None]:
    """The test and the line that asked for an expression; promtool 2 does not say whose it is."""
    among = [test] if test is not None else tests.tests
    same = [(each, one) for each in among for one in each.exprs if one.expr.strip() == expr.strip()]
    timed = [(each, one) for each, one in same if _same_time(one.time, time)]
    return next(((each, one.line) for each, one in [*timed, *same]), (test, None))


def _unquoted(quoted: str) -> str:
    """Go's `%q`, as far as JSON reads it."""
    try:
        return str(json.loads(quoted))
    except ValueError:
        return quoted[1:-1]


def _rule_failed(found: re.Match[str], tests: TestFile, loaded: Sequence[Shipped], detail: str) -> Finding:
    name = found.group("rule")
    message = f"rule {shown(name, 120)} cannot be evaluated at {found.group('time')}: {shown(found.group('rest'), 400)}"
    for each in loaded:
        for _, rule in each.base.rules():
            if rule.name == name:
                line = each.base.line(rule.mark("expr"))
                return Finding(kind=Kind.TEST, file=each.path, line=line, message=message, detail=detail)
    return Finding(kind=Kind.TEST, file=tests.file, line=None, message=message, detail=detail)


def _whole_file(words: str, tests: TestFile, loaded: Sequence[Shipped]) -> list[Finding]:
    """Words about a file as a whole: a rule file's, when one is named; else the test file's."""
    for each in loaded:
        for prefix in (f"{each.path}: ", f"./{each.path}: "):
            if words.lstrip().startswith(prefix):
                return [_rules_finding(each, words.strip().removeprefix(prefix))]
    lines = [line for line in words.strip().splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].endswith("unmarshal errors:"):
        return [_refused(tests, line) for line in lines[1:]]
    return [_refused(tests, words)]


def _refused(tests: TestFile, words: str) -> Finding:
    found = _LINE.search(words)
    line = int(found.group(1)) if found else None
    return Finding(
        kind=Kind.TEST_FILE, file=tests.file, line=line, message=f"promtool refuses it: {shown(words)}"
    )


def rules_findings(said: Said, names: Sequence[str], shipped: Mapping[str, Shipped]) -> list[Finding]:
    """What `promtool check rules` said about the files `names` (as they were given to it)."""
    if said.trouble:
        where = names[0] if len(names) == 1 else ""
        message = stopped("promtool", said.trouble, f"{len(names)} rule files")
        return [Finding(kind=Kind.TOOL, file=where, line=None, message=message)]
    found: list[Finding] = []
    here = ""
    for line in said.text.splitlines():
        head = _CHECKING.match(line)
        if head is not None:
            here = head.group(1).removeprefix("./")
        elif (
            here in shipped
            and line.strip() not in ("", "FAILED:")
            and not line.lstrip().startswith("SUCCESS")
        ):
            words = line.strip().removeprefix(f"./{here}: ").removeprefix(f"{here}: ")
            found.append(_rules_finding(shipped[here], words))
    if not found and said.code != 0:
        message = f"promtool failed with code {said.code} and said: {shown(said.text) or 'nothing'}"
        found = [Finding(kind=Kind.TOOL, file="", line=None, message=message)]
    return found


def _rules_finding(file: Shipped, words: str) -> Finding:
    """The line is the base file's: that of the rule that promtool names."""
    placed = _PLACED.match(words)
    rule = file.rule(placed.group("group"), int(placed.group("rule")) - 1) if placed else None
    line = None
    if rule is not None:
        line = file.base.line(rule.mark("expr" if "parse expression" in words else ""))
    message = f"promtool refuses it as it ships: {shown(words)}"
    return Finding(kind=Kind.RULES, file=file.path, line=line, message=message)
