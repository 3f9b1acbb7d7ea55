"""Compares two bundles file by file: only the environment label may differ (row A4).

What counts is what Prometheus would do: comments, quotes, layout and the order of labels do not count; the order of
rules does, since a group is evaluated from top to bottom. Each difference is one finding, at its line on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace

from bot.decide.alerts.align import align
from bot.decide.alerts.compare_groups import GroupPair, group_key
from bot.decide.alerts.findings import Compared, Drift, Environments, Finding, shown
from bot.decide.alerts.reading import Read, read_file
from bot.decide.alerts.twins import are_twins
from bot.decide.alerts.values import PROMETHEUS, AlertsRefused, Dialect, Document, Group, NotRules, RuleFile


def compare_files(
    staging: bytes | None,
    production: bytes | None,
    *,
    file: str,
    environments: Environments,
    dialect: Dialect = PROMETHEUS,
) -> Compared:
    """Compare one file of two bundles; None: it is missing there. Never raises for what the files hold."""
    found: list[Finding] = []
    one = _read(staging, file, "staging", dialect, found, environments)
    if isinstance(one, Read) and production is not None and are_twins(one, production, environments):
        return Compared(file=file, findings=(), rules=len(one.sites))
    other = _read(production, file, "production", dialect, found, environments)
    if staging is None or production is None:
        there = "production" if staging is None else "staging"
        missing = "staging" if staging is None else "production"
        said = environments.called(there), environments.called(missing)
        message = "the file stands in {} and is missing in {}".format(*said)
        found.append(_on(there, Finding(kind=Drift.FILE_MISSING, file=file, message=message), "present", 1))
    if isinstance(one, Read) and isinstance(other, Read):
        found += _Files(one.file, other.file, environments).findings()
    elif one is not None and other is not None and staging != production:
        found.append(
            Finding(kind=Drift.UNREADABLE, file=file, message=_without_rules(one, other, environments))
        )
    rules = max((len(read.sites) for read in (one, other) if isinstance(read, Read)), default=0)
    return Compared(file=file, findings=tuple(found), rules=rules)


def compare_environments(environments: Environments) -> tuple[Finding, ...]:
    """What is wrong with the bundles as a whole: equal environments, or labels in one only."""
    one, other = environments.staging, environments.production
    if one is not None and one == other:
        message = f"both bundles are rendered for {shown(one)}"
    elif (one is None) != (other is None):
        bare = environments.called("staging" if one is None else "production")
        message = f"no alerting rule of {bare} carries the label {environments.label}; render that bundle"
    else:
        return ()
    return (Finding(kind=Drift.BUNDLE, file="", message=message, staging=one, production=other),)


def environment_of(files: Iterable[RuleFile], label: str) -> str | None:
    """The environment that most alerting rules carry; None when none carries one."""
    values = Counter(
        rule.labels[label]
        for file in files
        for _, rule in file.rules()
        if rule.alerting and label in rule.labels
    )
    return min(values, key=lambda value: (-values[value], value)) if values else None


def _read(
    data: bytes | None,
    file: str,
    side: str,
    dialect: Dialect,
    found: list[Finding],
    environments: Environments,
) -> Read | NotRules | None:
    if data is None:
        return None
    try:
        read = read_file(data, file=file, dialect=dialect)
    except AlertsRefused as error:
        for problem in error.problems:
            message = f"{environments.called(side)} cannot be read: {problem.message}"
            finding = Finding(kind=Drift.UNREADABLE, file=file, message=message)
            found.append(_on(side, finding, None, problem.line))
        return None
    return read


def _on(side: str, finding: Finding, value: str | None, line: int | None) -> Finding:
    """The finding with what stands on one side; the other has nothing."""
    if side == "staging":
        return replace(finding, staging=value, staging_line=line)
    return replace(finding, production=value, production_line=line)


def _without_rules(one: Read | NotRules, other: Read | NotRules, environments: Environments) -> str:
    """Why two files cannot be compared as rules: one of them has none, or both have none and other bytes."""
    left, right = (read.what if isinstance(read, NotRules) else "rules" for read in (one, other))
    here, there = environments.names
    return f"{left} in {here} and {right} in {there}, with other bytes"


class _Files:
    """Two readable files of the same name."""

    def __init__(self, staging: RuleFile, production: RuleFile, environments: Environments) -> None:
        self.staging, self.production, self.environments = staging, production, environments

    def findings(self) -> Iterator[Finding]:
        """What differs, in the order of the staging file."""
        one, other = self.staging.documents, self.production.documents
        ways = [
            lambda document: (document.name, len(document.groups)),
            lambda document: document.name,
            lambda _: "",
        ]
        aligned = align(one, other, ways[: 3 if len(one) == len(other) else 2])
        for index in aligned.staging_only:
            yield self._missing("staging", self.staging, one[index])
        for index in aligned.production_only:
            yield self._missing("production", self.production, other[index])
        for left, right in aligned.pairs:
            yield from self._documents(one[left], other[right])

    def _missing(self, side: str, file: RuleFile, document: Document) -> Finding:
        name = f"the document {shown(document.name)}" if document.name else "a document"
        finding = Finding(
            kind=Drift.DOCUMENT_MISSING,
            file=file.file,
            message=f"{name} stands in {self.environments.called(side)} only",
        )
        return _on(side, finding, document.name, file.line(document.mark("")))

    def _documents(self, one: Document, other: Document) -> Iterator[Finding]:
        for pointer in _keys(one.rest, other.rest):
            left, right = one.rest.get(pointer), other.rest.get(pointer)
            if left != right:
                yield Finding(
                    kind=Drift.FIELD,
                    file=self.staging.file,
                    message=self.environments.both(left, right),
                    field=pointer,
                    staging=left,
                    production=right,
                    staging_line=self.staging.line(one.mark(pointer)),
                    production_line=self.production.line(other.mark(pointer)),
                )
        label = self.environments.label
        ways: list[Callable[[Group], Hashable]] = [
            lambda group: group.name,
            lambda group: group_key(group, label),
        ]
        aligned = align(one.groups, other.groups, ways)
        for index in aligned.staging_only:
            yield self._group_missing("staging", self.staging, one, index)
        for index in aligned.production_only:
            yield self._group_missing("production", self.production, other, index)
        moved = aligned.moved()
        if moved is not None:
            here, there = aligned.pairs[moved]
            first_group, second_group = one.groups[here], other.groups[there]
            yield Finding(
                kind=Drift.GROUP_ORDER,
                file=self.staging.file,
                message="the groups stand in another order; this one moved",
                group=first_group.name,
                staging_line=self.staging.line(first_group.mark("")),
                production_line=self.production.line(second_group.mark("")),
            )
        for first, second in aligned.pairs:
            pair = GroupPair(
                files=(self.staging, self.production),
                groups=(one.groups[first], other.groups[second]),
                environments=self.environments,
            )
            yield from pair.findings()

    def _group_missing(self, side: str, file: RuleFile, document: Document, index: int) -> Finding:
        group = document.groups[index]
        called = self.environments.called
        here, missing = called(side), called("production" if side == "staging" else "staging")
        finding = Finding(
            kind=Drift.GROUP_MISSING,
            file=file.file,
            message=f"the group of {len(group.rules)} rules stands in {here} and is missing in {missing}",
            group=group.name,
        )
        return _on(side, finding, group.name, file.line(group.mark("")))


def _keys(one: Iterable[str], other: Iterable[str]) -> Sequence[str]:
    """The keys of both, in the order of the first and then of the second."""
    return list(dict.fromkeys([*one, *other]))
