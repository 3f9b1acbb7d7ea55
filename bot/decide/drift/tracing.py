"""Where in the source a line of a rendered bundle comes from.

A render changes no rule's place among the others, so the n-th rule of a rendered file is the n-th of its source; a
field that only the render has (the environment label) leads to what is around it.
"""

from __future__ import annotations

from functools import lru_cache

from bot.decide.alerts import AlertsRefused, Finding, NotRules, RuleFile, read_rules


@lru_cache(maxsize=16)
def _source(base: bytes, file: str) -> RuleFile | None:
    """The base file as read; remembered, because a file has many findings or none."""
    try:
        source = read_rules(base, file=file)
    except AlertsRefused:
        return None
    return None if isinstance(source, NotRules) else source


def source_line(finding: Finding, line: int | None, rendered: RuleFile, base: bytes) -> int | None:
    """The line in the base file behind `line` of its render; None when there is none."""
    source = _source(base, rendered.file) if line is not None else None
    if source is None or line is None:
        return None
    if finding.rule:
        return _of_rule(finding, line, rendered, source)
    if finding.group:
        return _of_group(finding, line, rendered, source)
    return 1


def _of_rule(finding: Finding, line: int, rendered: RuleFile, source: RuleFile) -> int | None:
    place = None
    for index, (group, rule) in enumerate(rendered.rules()):
        if (group.name, rule.name) == (finding.group, finding.rule) and rendered.line(rule.mark("")) <= line:
            place = index
    rules = [rule for _, rule in source.rules()]
    if place is None or place >= len(rules):
        return None
    return source.line(rules[place].mark(finding.field))


def _of_group(finding: Finding, line: int, rendered: RuleFile, source: RuleFile) -> int | None:
    place = None
    for index, group in enumerate(rendered.groups()):
        if group.name == finding.group and rendered.line(group.mark("")) <= line:
            place = index
    groups = list(source.groups())
    if place is None or place >= len(groups):
        return None
    return source.line(groups[place].mark(finding.field))
