"""Compares two groups of the same name: settings, labels, and their rules one by one."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from bot.decide.alerts import promql
from bot.decide.alerts.align import align_rules, content, labels, setting, settings
from bot.decide.alerts.findings import Drift, Environments, Finding, shown
from bot.decide.alerts.values import Group, Rule, RuleFile


def group_key(group: Group, label: str) -> Hashable:
    """What a group says but its name: to know one again that was renamed."""
    return settings(group.fields), labels(group, label), tuple(content(rule, label) for rule in group.rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPair:
    """The group in staging and the one in production, with the files that they stand in."""

    files: tuple[RuleFile, RuleFile]
    groups: tuple[Group, Group]
    environments: Environments

    def findings(self) -> Iterator[Finding]:
        """What differs but the environment label, in the order of staging."""
        one, other = self.groups
        if one.name != other.name:
            yield self._of_group("name", one.name, other.name)
        for name in dict.fromkeys([*one.fields, *other.fields]):
            left, right = one.fields.get(name), other.fields.get(name)
            if setting(name, left) != setting(name, right):
                yield self._of_group(name, left, right)
        yield from self._labels(one, other, required=False)
        yield from self._rules()

    def _rules(self) -> Iterator[Finding]:
        one, other = self.groups
        label = self.environments.label
        aligned = align_rules(one.rules, other.rules, label)
        for side, index in [
            *((0, i) for i in aligned.staging_only),
            *((1, i) for i in aligned.production_only),
        ]:
            yield self._only(side, self.groups[side].rules[index])
        moved = aligned.moved()
        if moved is not None:
            first, second = aligned.pairs[moved]
            yield self._finding(
                Drift.RULE_ORDER,
                "the rules of the group stand in another order; this one moved",
                rules=(one.rules[first], other.rules[second]),
                values=(f"rule {first + 1}", f"rule {second + 1}"),
            )
        for first, second in aligned.pairs:
            yield from self._pair(one.rules[first], other.rules[second])

    def _only(self, side: int, rule: Rule) -> Finding:
        """A rule without a partner: missing on the other side, or there more often on this one."""
        key = content(rule, self.environments.label)
        counts = [
            sum(content(each, self.environments.label) == key for each in group.rules)
            for group in self.groups
        ]
        here, there = self.environments.names[side], self.environments.names[1 - side]
        kind = "alerting" if rule.alerting else "recording"
        lone = (rule, None) if side == 0 else (None, rule)
        if counts[1 - side]:
            message = (
                f"the {kind} rule stands {counts[side]} times in {here} and {counts[1 - side]} in {there}"
            )
            return self._finding(
                Drift.RULE_DUPLICATED, message, rules=lone, values=(str(counts[0]), str(counts[1]))
            )
        message = f"the {kind} rule stands in {here} and is missing in {there}"
        values = (rule.name, None) if side == 0 else (None, rule.name)
        return self._finding(Drift.RULE_MISSING, message, rules=lone, values=values)

    def _pair(self, one: Rule, other: Rule) -> Iterator[Finding]:
        rules = (one, other)
        if one.alerting != other.alerting:
            yield self._differs(rules, "alert", *((each.name if each.alerting else None) for each in rules))
        elif one.name != other.name:
            yield self._differs(rules, "alert" if one.alerting else "record", one.name, other.name)
        if not promql.same(one.expr, other.expr):
            yield self._expressions(one, other)
        for name in dict.fromkeys([*one.fields, *other.fields]):
            left, right = one.fields.get(name), other.fields.get(name)
            if setting(name, left) != setting(name, right):
                yield self._differs(rules, name, left, right)
        yield from self._labels(one, other, required=one.alerting and other.alerting)
        for name in dict.fromkeys([*one.annotations, *other.annotations]):
            left, right = one.annotations.get(name), other.annotations.get(name)
            if left != right:
                yield self._differs(rules, f"annotations/{name}", left, right)

    def _expressions(self, one: Rule, other: Rule) -> Finding:
        """Two expressions that differ: in what they select by environment alone, or in more."""
        label, rules = self.environments.label, (one, other)
        if not promql.same(
            promql.without_matchers(one.expr, label), promql.without_matchers(other.expr, label)
        ):
            return self._differs(rules, "expr", one.expr, other.expr)
        chosen = [" ".join(promql.matchers_on(each.expr, label)) or None for each in rules]
        here, there = self.environments.names
        message = (
            f"the expression selects {shown(chosen[0])} in {here} and {shown(chosen[1])} in {there}; "
            f"only the label {label} of the rule may name the environment"
        )
        return self._finding(Drift.MATCHER, message, rules=rules, values=(one.expr, other.expr), field="expr")

    def _labels(self, one: Rule | Group, other: Rule | Group, *, required: bool) -> Iterator[Finding]:
        """Labels that differ; the environment's must be each bundle's own, or missing in both where it may."""
        label = self.environments.label
        for name in dict.fromkeys([*one.labels, *other.labels]):
            left, right = one.labels.get(name), other.labels.get(name)
            if name != label and left != right:
                yield self._of(one, other, f"labels/{name}", left, right)
        left, right = one.labels.get(label), other.labels.get(label)
        if not required and left is None and right is None:
            return
        wanted = (self.environments.staging, self.environments.production)
        wrong = [
            f"{side} carries {shown(value)} where {shown(expected)} is meant"
            for side, value, expected in zip(self.environments.names, (left, right), wanted, strict=True)
            if value != expected and not (expected is None and required)
        ]
        if wrong:
            yield self._of(one, other, f"labels/{label}", left, right, Drift.LABEL, "; ".join(wrong))

    def _of(
        self,
        one: Rule | Group,
        other: Rule | Group,
        field: str,
        left: str | None,
        right: str | None,
        kind: Drift = Drift.FIELD,
        message: str | None = None,
    ) -> Finding:
        said = message or self.environments.both(left, right)
        if isinstance(one, Rule) and isinstance(other, Rule):
            return self._finding(kind, said, rules=(one, other), values=(left, right), field=field)
        return self._finding(kind, said, values=(left, right), field=field)

    def _of_group(self, field: str, left: str | None, right: str | None) -> Finding:
        return self._of(*self.groups, field, left, right)

    def _differs(self, rules: tuple[Rule, Rule], field: str, left: str | None, right: str | None) -> Finding:
        return self._of(*rules, field, left, right)

    def _finding(
        self,
        kind: Drift,
        message: str,
        *,
        values: tuple[str | None, str | None],
        rules: tuple[Rule | None, Rule | None] | None = None,
        field: str = "",
    ) -> Finding:
        holders: tuple[Rule | Group | None, Rule | Group | None] = self.groups if rules is None else rules
        lines = [
            None if holder is None else file.line(holder.mark(field))
            for file, holder in zip(self.files, holders, strict=True)
        ]
        named = next((rule for rule in rules or () if rule is not None), None)
        return Finding(
            kind=kind,
            file=self.files[0].file,
            message=message,
            group=self.groups[0].name,
            rule="" if named is None else named.name,
            field=field,
            staging=values[0],
            production=values[1],
            staging_line=lines[0],
            production_line=lines[1],
        )
