"""Routing probes: which labels must reach which receiver, and what Alertmanager's own router says (rows A2, G3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.decide import text
from bot.decide.probes.alertmanager import Config
from bot.decide.probes.lint import CRITICAL, SEVERITY, is_critical
from bot.decide.probes.shipped import Shipped
from bot.decide.probes.values import Finding, Kind
from bot.model.probes import Said

MAX_CRITICAL = 100
"""Different sets of labels of critical alerts that are sent through the routes."""
PRODUCTION = "production"
_PAIR = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*("(?:\\.|[^"\\])*"|[^,"]*)\s*(?:,|$)')


class BadLabelsError(ValueError):
    """A text that is no list of labels."""


def labels_in(words: str) -> dict[str, str]:
    """`severity=critical,environment="production"` as labels; raises BadLabelsError."""
    found: dict[str, str] = {}
    position = 0
    while position < len(words):
        pair = _PAIR.match(words, position)
        if pair is None or pair.end() == position or pair.group(1) in found:
            raise BadLabelsError(
                f"{words!r} is no list of labels; write severity=critical,environment=production"
            )
        value = pair.group(2).strip()
        found[pair.group(1)] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        position = pair.end()
    if not found:
        raise BadLabelsError("no labels; write severity=critical,environment=production")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One probe: these labels must reach `receiver`; None: they must not end at the default receiver.

    `why` names whose labels they are, for people; `file` and `line` where that stands.
    """

    labels: Mapping[str, str]
    receiver: str | None
    why: str
    file: str = ""
    line: int | None = None

    def shown(self) -> str:
        """The labels, for people."""
        return text.truncate(text.visible(",".join(f"{k}={v}" for k, v in self.labels.items())), 300, "…")


def asked(routes: Mapping[str, str]) -> list[Route]:
    """The probes that the rules file (`alerts.routes`) or the command line names. Raises BadLabelsError."""
    return [
        Route(labels=labels_in(labels), receiver=receiver, why="a routing probe")
        for labels, receiver in routes.items()
    ]


def critical(
    files: Sequence[Shipped], config: Config, named: Sequence[Route], *, environment: str, label: str
) -> tuple[list[Route], int]:
    """The built-in probes, and how many more there would be: no critical production alert ends at the default.

    Each critical alert that ships is sent with its fixed labels; when none ships, one with nothing but severity and
    environment. A named probe that sends critical production alerts to the default receiver says that it is meant.
    """
    meant = (
        each.receiver == config.default
        for each in named
        if each.labels.get(SEVERITY) == CRITICAL and each.labels.get(label, PRODUCTION) == PRODUCTION
    )
    if environment != PRODUCTION or any(meant):
        return [], 0
    found: dict[tuple[tuple[str, str], ...], Route] = {}
    for route in _of_rules(files, label):
        found.setdefault(tuple(sorted(route.labels.items())), route)
    routes = list(found.values())
    if not routes:
        labels = {SEVERITY: CRITICAL, label: PRODUCTION}
        routes = [Route(labels=labels, receiver=None, why="a critical production alert")]
    return routes[:MAX_CRITICAL], max(0, len(routes) - MAX_CRITICAL)


def _of_rules(files: Sequence[Shipped], label: str) -> Iterator[Route]:
    for file in files:
        for (_, base), (_, rule) in zip(file.base.rules(), file.rendered.rules.rules(), strict=True):
            if rule.alerting and is_critical(rule):
                fixed = {name: value for name, value in rule.labels.items() if "{{" not in value and value}
                labels = {"alertname": rule.name, **fixed, label: PRODUCTION}
                line = file.base.line(base.mark(""))
                why = f"alert {text.visible(rule.name)}"
                yield Route(labels=labels, receiver=None, why=why, file=file.path, line=line)


def judged(route: Route, said: Said, config: Config) -> list[Finding]:
    """What is wrong with where the labels went."""
    line = config.route_line()
    if said.trouble or said.code != 0:
        why = said.trouble or f"failed with code {said.code}: {_error(said.text)}"
        message = f"{route.why}: amtool {why}"
        return [Finding(kind=Kind.TOOL, file=config.file, line=line, message=message)]
    reached = next((each.strip() for each in reversed(said.text.splitlines()) if _is_answer(each)), "")
    shown = text.truncate(text.visible(reached), 200, "…")
    if route.receiver is not None:
        if f",{route.receiver}," in f",{reached},":
            return []
        hint = "" if route.receiver in config.receivers else ", and no receiver has that name"
        message = f"{route.shown()} must reach {text.visible(route.receiver)!r} and reaches {shown!r}{hint}"
        return [Finding(kind=Kind.ROUTE, file=config.file, line=line, message=message)]
    if reached != config.default:
        return []
    where = "" if route.line is None else f" ({route.file}:{route.line}) is critical and"
    message = (
        f"{route.why}{where} ends at the default receiver {shown!r} ({route.shown()}); "
        f"route it to people, or say that it is meant with a routing probe: {SEVERITY}={CRITICAL} reaches {shown!r}"
    )
    return [Finding(kind=Kind.CRITICAL, file=config.file, line=line, message=message)]


def _is_answer(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("Warning:", "amtool:"))


def _error(words: str) -> str:
    kept = [line for line in words.splitlines() if line.strip() and not line.startswith("Warning:")]
    return text.truncate(text.visible(" ".join(kept)), 300, "…") or "nothing said"
