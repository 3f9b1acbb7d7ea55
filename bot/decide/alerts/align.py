"""Which rule of one group is which rule of the other: equal ones first, then those with the same name and labels."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.decide.alerts import promql
from bot.decide.alerts.durations import seconds
from bot.decide.alerts.values import Group, Rule

T = TypeVar("T")
DURATIONS = frozenset({"for", "keep_firing_for", "interval", "query_offset"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """Pairs of positions in the order of staging, and the positions that have no partner."""

    pairs: Sequence[tuple[int, int]]
    staging_only: Sequence[int]
    production_only: Sequence[int]

    def moved(self) -> int | None:
        """The first of the fewest pairs that would have to move to make the orders equal; None when they are."""
        tails: list[int] = []
        at: list[int] = []
        before: list[int] = []
        targets = [pair[1] for pair in self.pairs]
        for index, target in enumerate(targets):
            place = bisect_left(tails, target)
            before.append(at[place - 1] if place else -1)
            tails[place : place + 1], at[place : place + 1] = [target], [index]
        if len(tails) == len(targets):
            return None
        kept, index = set(), at[-1]
        while index >= 0:
            kept.add(index)
            index = before[index]
        return next(index for index in range(len(targets)) if index not in kept)


def setting(name: str, text: str | None) -> object:
    """A field's value as it counts: durations by their length (`90s` is `1m30s`)."""
    length = seconds(text) if text is not None and name in DURATIONS else None
    return text if length is None else length


def settings(fields: Mapping[str, str]) -> Hashable:
    """All fields of a rule or group as they count."""
    return frozenset((name, setting(name, text)) for name, text in fields.items())


def content(rule: Rule, label: str) -> tuple[Hashable, ...]:
    """What a rule says, the environment label aside: kind, name, expression, settings, labels, annotations."""
    return (
        rule.alerting,
        rule.name,
        promql.tokens(rule.expr),
        settings(rule.fields),
        labels(rule, label),
        frozenset(rule.annotations.items()),
    )


def labels(holder: Rule | Group, label: str) -> Hashable:
    """The labels, the environment's aside."""
    return frozenset((name, value) for name, value in holder.labels.items() if name != label)


def align_rules(staging: Sequence[Rule], production: Sequence[Rule], label: str) -> Aligned:
    """Pair the rules of two groups of the same name, each at most once."""
    head = _alike(staging, production, label)
    rest = min(len(staging), len(production)) - head
    tail = min(rest, _alike(staging[::-1][:rest], production[::-1][:rest], label))
    middle = [rules[head : len(rules) - tail] for rules in (staging, production)]
    ways: list[Callable[[Rule], Hashable]] = [
        lambda rule: content(rule, label),
        lambda rule: (rule.alerting, rule.name, labels(rule, label)),
        lambda rule: (rule.alerting, rule.name),
        lambda rule: rule.name,
        lambda rule: content(rule, label)[2:],
    ]
    aligned = align(middle[0], middle[1], ways)
    ends = [len(staging) - tail, len(production) - tail]
    pairs = [
        *((index, index) for index in range(head)),
        *((one + head, other + head) for one, other in aligned.pairs),
        *((ends[0] + index, ends[1] + index) for index in range(tail)),
    ]
    return Aligned(
        pairs=pairs,
        staging_only=[index + head for index in aligned.staging_only],
        production_only=[index + head for index in aligned.production_only],
    )


def _alike(staging: Sequence[Rule], production: Sequence[Rule], label: str) -> int:
    """How many rules at the start say the same: those need no looking for."""
    count = 0
    for one, other in zip(staging, production, strict=False):
        same = (
            (one.alerting, one.name, one.fields, one.annotations)
            == (other.alerting, other.name, other.fields, other.annotations)
            and labels(one, label) == labels(other, label)
            and (one.expr == other.expr or promql.tokens(one.expr) == promql.tokens(other.expr))
        )
        if not same:
            break
        count += 1
    return count


def align(staging: Sequence[T], production: Sequence[T], ways: Sequence[Callable[[T], Hashable]]) -> Aligned:
    """Pair what has the same key, by the first way, then the rest by the next; equal keys in their order."""
    left, right = list(range(len(staging))), list(range(len(production)))
    pairs: list[tuple[int, int]] = []
    for key in ways:
        if not left or not right:
            break
        waiting: dict[Hashable, list[int]] = {}
        for index in reversed(right):
            waiting.setdefault(key(production[index]), []).append(index)
        rest = []
        for index in left:
            found = waiting.get(key(staging[index]))
            if found:
                pairs.append((index, found.pop()))
            else:
                rest.append(index)
        left = rest
        right = sorted(index for indexes in waiting.values() for index in indexes)
    return Aligned(pairs=sorted(pairs), staging_only=left, production_only=right)
