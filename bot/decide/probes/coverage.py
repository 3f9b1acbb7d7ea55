"""Which alerting and recording rules the unit tests exercise (row G2).

An alerting rule is exercised by an `alert_rule_test` that expects it to fire, with the rule's own labels; expecting
nothing exercises nothing, for it also passes when the rule can never fire. A recording rule is exercised by a
`promql_expr_test` whose expression selects the recorded series.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.decide.alerts.promql import kind_of, tokens
from bot.decide.alerts.values import Rule
from bot.decide.probes.coverage_values import Coverage, GroupCoverage, Share
from bot.decide.probes.shipped import Shipped
from bot.decide.probes.testfiles import TestFile
from bot.decide.probes.values import Finding, Kind

MAX_NAMED = 20


def coverage(
    files: Sequence[Shipped], runs: Sequence[tuple[TestFile, Sequence[Shipped]]], *, label: str
) -> Coverage:
    """The coverage of `files` by tests, each with the rule files that it loads. `label` is the environment's."""
    exercised: set[int] = set()
    for tests, loaded in runs:
        by_name: dict[str, list[Rule]] = {}
        for file in loaded:
            for _, rule in file.base.rules():
                by_name.setdefault(rule.name, []).append(rule)
        exercised.update(id(rule) for rule in _exercised(tests, by_name, label))
    return _counted(files, exercised)


def _exercised(tests: TestFile, by_name: dict[str, list[Rule]], label: str) -> Iterator[Rule]:
    for test in tests.tests:
        for asked in test.alerts:
            for rule in by_name.get(asked.alert, ()):
                if rule.alerting and any(_fits(rule, labels, label) for labels in asked.expected):
                    yield rule
        for expr in test.exprs:
            for name in selected(expr.expr):
                yield from (rule for rule in by_name.get(name, ()) if not rule.alerting)


def _fits(rule: Rule, expected: dict[str, str], label: str) -> bool:
    """Whether the expected alert can be this rule's: its fixed labels are expected as they are."""
    return all(
        "{{" in text or name == label or expected.get(name, "") == text for name, text in rule.labels.items()
    )


def selected(expr: str) -> set[str]:
    """The names of series that an expression may select: words outside of braces, and `__name__` matchers."""
    found: set[str] = set()
    seen = tokens(expr)
    depth = 0
    for at, piece in enumerate(seen):
        kind = kind_of(piece)
        depth += (piece == "{") - (piece == "}")
        if kind == "word" and depth == 0:
            found.add(piece)
        elif kind == "string" and at >= 2 and seen[at - 1] == "=" and seen[at - 2] == "__name__":
            found.add(piece[1:-1])
    return found


def _counted(files: Sequence[Shipped], exercised: set[int]) -> Coverage:
    totals = {True: Share(rules=0, tested=0), False: Share(rules=0, tested=0)}
    groups = []
    for file in files:
        for group in file.base.groups():
            tested = [rule for rule in group.rules if id(rule) in exercised]
            for alerting in (True, False):
                totals[alerting] += Share(
                    rules=sum(rule.alerting is alerting for rule in group.rules),
                    tested=sum(rule.alerting is alerting for rule in tested),
                )
            if group.rules:
                groups.append(
                    GroupCoverage(
                        file=file.path,
                        group=group.name,
                        line=file.base.line(group.mark("")),
                        share=Share(rules=len(group.rules), tested=len(tested)),
                        untested=[rule.name for rule in group.rules if id(rule) not in exercised],
                    )
                )
    groups.sort(key=lambda each: (each.share.percent, -each.share.rules, each.file, each.group))
    return Coverage(alerting=totals[True], recording=totals[False], groups=groups)


def shortfall(found: Coverage, minimum: float | None, source: str) -> list[Finding]:
    """What is wrong when fewer than `minimum` percent of the rules are tested."""
    share = found.rules
    if minimum is None or share.tested * 100 >= minimum * share.rules:
        return []
    worst = ", ".join(f"{each.group} ({each.file})" for each in found.groups[:3])
    message = (
        f"{share.tested} of {share.rules} rules are tested ({share.percent:g} %), {minimum:g} % are demanded; "
        f"least covered: {worst}"
    )
    return [Finding(kind=Kind.COVERAGE, file=source, line=None, message=message)]
