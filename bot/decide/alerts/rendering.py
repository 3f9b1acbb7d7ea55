"""Renders one rule file for one environment: its bytes with the label spliced in, proven by reading them again.

Comments, templates, settings and layout survive because no other byte is written (row A1). What the splices did to
the rules is compared with what they were to do; anything else refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.decide.alerts.checking import check_rules
from bot.decide.alerts.labelling import Labelling, problems_and_splices
from bot.decide.alerts.reading import Read, read_file
from bot.decide.alerts.values import PROMETHEUS, AlertsRefused, Dialect, NotRules, Problem, Rule, RuleFile
from bot.decide.bump.splice import Splice

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One file of a bundle: its bytes, and its rules as they read now. `labelled` counts rules with the label."""

    data: bytes
    rules: RuleFile
    labelled: int


def labelling_problem(labelling: Labelling) -> str | None:
    """What is wrong with the names in a labelling, or None."""
    if not _LABEL.fullmatch(labelling.label) or labelling.label in ("__name__", "alertname"):
        return f"{labelling.label!r} cannot be the label; write letters, digits and _, as in environment"
    if not _ENVIRONMENT.fullmatch(labelling.environment):
        return f"{labelling.environment!r} is no environment's name; write letters, digits, '.', '_' and '-'"
    return None


def render_rules(
    data: bytes, *, file: str, labelling: Labelling, dialect: Dialect = PROMETHEUS
) -> Rendered | NotRules:
    """Label every alerting rule of one file (and recording rules when asked), and change no other byte.

    The same bytes come out for the same bytes. Raises AlertsRefused with every problem: of form, of content, a base
    rule with another environment, or an edit that cannot be made with certainty.
    """
    read = read_file(data, file=file, dialect=dialect)
    if isinstance(read, NotRules):
        return read
    problems, splices = problems_and_splices(read, labelling)
    problems = sorted([*check_rules(read.file, dialect=dialect), *problems], key=_place)
    if problems:
        raise AlertsRefused(problems)
    result = _spliced(read, splices)
    rules = read.file if result == data else _proven(read, result, labelling, dialect)
    labelled = sum(rule.labels.get(labelling.label) == labelling.environment for _, rule in rules.rules())
    return Rendered(data=result, rules=rules, labelled=labelled)


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


def _spliced(read: Read, splices: Iterator[Splice]) -> bytes:
    text, pieces, position = read.parsed.text, [read.parsed.bom], 0
    for splice in splices:
        pieces += [text[position : splice.start], splice.new]
        position = splice.end
    return "".join([*pieces, text[position:]]).encode("utf-8")


def _proven(read: Read, result: bytes, labelling: Labelling, dialect: Dialect) -> RuleFile:
    """Read the result again and hold it to the base: the label is there, and nothing else is different."""
    file = read.file
    try:
        again = read_file(result, file=file.file, dialect=dialect)
    except AlertsRefused as error:
        said = error.problems[0].message
        message = f"the labelled text would not read back ({said}); write this file's rules in block style"
        raise AlertsRefused([Problem(file=file.file, line=None, column=None, message=message)]) from error
    if isinstance(again, NotRules) or _frame(again.file, labelling) != _frame(file, labelling):
        message = "labelling would change more than rules' labels; write out what anchors share here"
        raise AlertsRefused([Problem(file=file.file, line=None, column=None, message=message)])
    problems = [
        file.problem(
            before.mark("labels"), f"labelling rule {before.name!r} would change more than its label; {_HINT}"
        )
        for (_, before), (_, after) in zip(file.rules(), again.file.rules(), strict=True)
        if after.content() != _labelled(before, labelling)
    ]
    if problems:
        raise AlertsRefused(problems)
    return again.file


_HINT = "write its labels out, without an anchor or merge"


def _labelled(rule: Rule, labelling: Labelling) -> tuple[object, ...]:
    """What a base rule is to be in the bundle."""
    labels = dict(rule.labels)
    if labelling.wants(alerting=rule.alerting) or labelling.label in labels:
        labels[labelling.label] = labelling.environment
    return rule.alerting, rule.name, rule.expr, rule.fields, labels, rule.annotations


def _frame(file: RuleFile, labelling: Labelling) -> Sequence[object]:
    """Everything but the rules."""

    def labels(given: dict[str, str]) -> dict[str, str]:
        return {name: text for name, text in given.items() if name != labelling.label}

    return [
        (
            document.name,
            document.rest,
            [
                (group.name, group.fields, labels(dict(group.labels)), len(group.rules))
                for group in document.groups
            ],
        )
        for document in file.documents
    ]
