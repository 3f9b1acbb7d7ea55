"""What is wrong with rules although Prometheus loads them: duplicates, no `for`, no runbook (row G8)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from bot.decide import text
from bot.decide.alerts.durations import seconds
from bot.decide.alerts.values import Rule
from bot.decide.probes.runbooks import Runbooks
from bot.decide.probes.shipped import Shipped
from bot.decide.probes.values import Finding, Kind

RUNBOOK = "runbook_url"
SEVERITY = "severity"
CRITICAL = "critical"


def lint(files: Sequence[Shipped], runbooks: Runbooks, folder: str | None = None) -> list[Finding]:
    """Every finding, in the order of the files. `folder` holds runbooks that are all looked at."""
    found = [*_duplicates(files)]
    for file in files:
        for _, rule in file.base.rules():
            if rule.alerting:
                found += _alert(file, rule, runbooks)
    return [*found, *runbooks.without_sections(folder)]


def is_critical(rule: Rule) -> bool:
    """Whether the rule says `severity: critical`."""
    return rule.labels.get(SEVERITY, "").strip().lower() == CRITICAL


def _alert(file: Shipped, rule: Rule, runbooks: Runbooks) -> Iterator[Finding]:
    name = text.truncate(text.visible(rule.name), 120, "…")
    if is_critical(rule) and not seconds(rule.fields.get("for", "0") or "0"):
        message = f"alert {name} is critical and has no `for`: one bad sample pages somebody; add `for: 2m`"
        yield _at(Kind.FOR, file, rule, "", message)
    url = rule.annotations.get(RUNBOOK, "").strip()
    if not url:
        message = (
            f"alert {name} has no {RUNBOOK}; add the annotation, such as docs/runbooks/<page>.md#<heading>"
        )
        yield _at(Kind.RUNBOOK_MISSING, file, rule, "", message)
        return
    problem = runbooks.problem(url, folder=posixpath.dirname(file.path))
    if problem is not None:
        yield _at(Kind.RUNBOOK_DEAD, file, rule, f"annotations/{RUNBOOK}", f"alert {name}: {problem}")


def _at(kind: Kind, file: Shipped, rule: Rule, mark: str, message: str) -> Finding:
    return Finding(kind=kind, file=file.path, line=file.base.line(rule.mark(mark)), message=message)


def _duplicates(files: Sequence[Shipped]) -> Iterator[Finding]:
    """Alerts that Alertmanager cannot tell apart. With different expressions it may be meant: then a warning."""
    seen: dict[tuple[object, ...], tuple[Shipped, Rule]] = {}
    for file in files:
        for _, rule in file.base.rules():
            key = (rule.name, tuple(sorted(rule.labels.items())))
            if not rule.alerting:
                continue
            first_file, first = seen.setdefault(key, (file, rule))
            if first is rule:
                continue
            place = f"{first_file.path}:{first_file.base.line(first.mark(''))}"
            name = text.truncate(text.visible(rule.name), 120, "…")
            same = first.expr.split() == rule.expr.split()
            beside = "" if same else ", with another expression"
            message = (
                f"alert {name} stands at {place} already with the same labels{beside}; "
                "remove one, or give it a label or a name of its own"
            )
            line = file.base.line(rule.mark(""))
            yield Finding(kind=Kind.DUPLICATE, file=file.path, line=line, message=message, soft=not same)
