"""What Prometheus would refuse in the content of rules: names, missing parts, expressions, templates.

The rules are those of Prometheus' `rulefmt` package; promtool says the same, with all of its templates executed, when
the probes run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.decide.alerts import promql
from bot.decide.alerts.durations import seconds
from bot.decide.alerts.templates import template_problem
from bot.decide.alerts.values import PROMETHEUS, Dialect, Document, Group, Problem, Rule, RuleFile

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_INTEGER = re.compile(r"[-+]?[0-9]+|", re.ASCII)


def check_rules(file: RuleFile, *, dialect: Dialect = PROMETHEUS) -> tuple[Problem, ...]:
    """Every problem in the content of a rule file, in its order."""
    return tuple(problem for document in file.documents for problem in _document(file, document, dialect))


def _document(file: RuleFile, document: Document, dialect: Dialect) -> Iterator[Problem]:
    seen: set[str] = set()
    for group in document.groups:
        if not group.name:
            yield file.problem(group.mark("name"), "a group needs a name; add it")
        elif group.name in seen:
            message = f"the group name {group.name!r} stands twice in this file; rename one"
            yield file.problem(group.mark("name"), message)
        seen.add(group.name)
        for name in ("interval", "query_offset"):
            yield from _duration(file, group.fields, name, group.mark(name), f"group {group.name!r}")
        if not _INTEGER.fullmatch(group.fields.get("limit", "0")):
            yield file.problem(
                group.mark("limit"), f"group {group.name!r}: limit is not a whole number; correct it"
            )
        for rule in group.rules:
            yield from _rule(file, group, rule, dialect)


def _rule(file: RuleFile, group: Group, rule: Rule, dialect: Dialect) -> Iterator[Problem]:
    where = f"group {group.name!r}, rule {rule.index + 1}, {rule.name!r}"
    for field, message in _content(rule, dialect):
        yield file.problem(rule.mark(field), f"{where}: {message}")
    for name in ("for", "keep_firing_for"):
        yield from _duration(file, rule.fields, name, rule.mark(name), where)


def _content(rule: Rule, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """(field, message) for each problem."""
    if not rule.expr:
        yield "expr", "the field expr is empty or missing; write the expression"
    elif not dialect.unchecked and (said := promql.problem_of(rule.expr)):
        yield "expr", f"could not parse expression: {said}; correct it"
    if not rule.alerting:
        # At the record, where promtool puts it too.
        if rule.annotations:
            yield "record", "a recording rule has no annotations; remove them"
        for field in ("for", "keep_firing_for"):
            if field in rule.fields:
                yield "record", f"a recording rule has no {field}; remove it"
        if not dialect.utf8_names and not _METRIC.fullmatch(rule.name):
            yield "record", f"{rule.name!r} is not a metric name; correct it"
    for what, names in (("labels", rule.labels), ("annotations", rule.annotations)):
        for name, text in names.items():
            if not _is_name(name, dialect) or (what == "labels" and name == "__name__"):
                yield f"{what}/{name}", f"invalid {what[:-1]} name: {name}; correct it"
            elif rule.alerting and (problem := template_problem(text)):
                yield f"{what}/{name}", f"{what[:-1]} {name!r}: {problem}; correct the template"


def _is_name(name: str, dialect: Dialect) -> bool:
    return bool(name) if dialect.utf8_names else _LABEL.fullmatch(name) is not None


def _duration(
    file: RuleFile, fields: Mapping[str, str], name: str, offset: int, where: str
) -> Iterator[Problem]:
    text = fields.get(name, "")
    if text and seconds(text) is None:
        yield file.problem(
            offset, f"{where}: {name}: {text!r} is not a duration such as 5m or 1h30m; correct it"
        )
