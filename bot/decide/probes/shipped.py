"""A rule file as it ships, in the form that promtool takes, with the base beside it for lines and expectations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.decide.alerts.labelling import Labelling
from bot.decide.alerts.reading import read_rules
from bot.decide.alerts.rendering import Rendered, render_rules
from bot.decide.alerts.values import (
    GROUP_FIELDS,
    PROMETHEUS,
    RULE_FIELDS,
    Dialect,
    Document,
    Group,
    NotRules,
    Rule,
    RuleFile,
)
from bot.decide.probes.tree import quoted

_OF_GROUPS = GROUP_FIELDS - {"partial_response_strategy"}
"""What Prometheus reads in a group; the other is Thanos', and more may be allowed of other rulers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """One rule file: base and rendered, and the bytes for promtool. `environment` names what the rendering set."""

    path: str
    base: RuleFile
    rendered: Rendered
    probed: bytes
    """The rendered bytes; or the rules out of a PrometheusRule, or without what only other rulers read."""
    alerts: frozenset[str]
    """The names of alerts that got the environment label by rendering."""
    records: frozenset[str]

    def rule(self, group: str, index: int) -> Rule | None:
        """The base rule at `index` (from 0) of the first group of that name."""
        for found in self.base.groups():
            if found.name == group and index < len(found.rules):
                return found.rules[index]
        return None


def shipped(
    data: bytes, *, path: str, labelling: Labelling, dialect: Dialect = PROMETHEUS
) -> Shipped | NotRules:
    """Render one base file. Raises AlertsRefused with all that is wrong in it."""
    base = read_rules(data, file=path, dialect=dialect)
    rendered = render_rules(data, file=path, labelling=labelling, dialect=dialect)
    if isinstance(base, NotRules) or isinstance(rendered, NotRules):
        return NotRules(file=path, what=base.what if isinstance(base, NotRules) else "no rules")
    given = [
        after
        for (_, before), (_, after) in zip(base.rules(), rendered.rules.rules(), strict=True)
        if after.labels.get(labelling.label) == labelling.environment
        and before.labels.get(labelling.label) != labelling.environment
    ]
    return Shipped(
        path=path,
        base=base,
        rendered=rendered,
        probed=rendered.data if _is_plain(rendered.rules) else for_promtool(rendered.rules.documents),
        alerts=frozenset(rule.name for rule in given if rule.alerting),
        records=frozenset(rule.name for rule in given if not rule.alerting),
    )


def _is_plain(file: RuleFile) -> bool:
    """Whether promtool can read the file itself: one plain document, no field of another ruler."""
    if len(file.documents) != 1 or file.documents[0].name or file.documents[0].rest:
        return False
    return all(
        _OF_GROUPS.issuperset(group.fields)
        and all(RULE_FIELDS.issuperset(rule.fields) for rule in group.rules)
        for group in file.groups()
    )


def for_promtool(documents: Sequence[Document]) -> bytes:
    """The groups of all documents as one plain rule file. Groups of the same name in two documents get a number."""
    seen: dict[str, int] = {}
    lines = ["groups:"]
    for document in documents:
        for group in document.groups:
            seen[group.name] = seen.get(group.name, 0) + 1
            again = seen[group.name]
            lines += _group(group, group.name if again == 1 else f"{group.name} ({again})")
    return ("\n".join(lines if len(lines) > 1 else ["groups: []"]) + "\n").encode("utf-8")


def _group(group: Group, name: str) -> list[str]:
    lines = [f"- name: {quoted(name)}"]
    for field, text in group.fields.items():
        if field in _OF_GROUPS and text:
            lines.append(f"  {field}: {text if field == 'limit' else quoted(text)}")
    if group.labels:
        lines.append(f"  labels: {_texts(group.labels)}")
    lines.append("  rules:" if group.rules else "  rules: []")
    lines += [f"  - {_rule(rule)}" for rule in group.rules]
    return lines


def _rule(rule: Rule) -> str:
    texts = {"alert" if rule.alerting else "record": rule.name, "expr": rule.expr}
    texts |= {name: text for name, text in rule.fields.items() if name in RULE_FIELDS and text}
    pairs = [f"{name}: {quoted(text)}" for name, text in texts.items()]
    pairs += [f"labels: {_texts(rule.labels)}"] if rule.labels else []
    pairs += [f"annotations: {_texts(rule.annotations)}"] if rule.annotations else []
    return "{" + ", ".join(pairs) + "}"


def _texts(texts: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{quoted(name)}: {quoted(text)}" for name, text in texts.items()) + "}"
