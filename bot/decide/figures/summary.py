"""The figures of a span of time as a report: promotions, DORA's four, production validation (rows P9, C7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from bot.decide.figures.tally import Tally
from bot.decide.report import aligned

_WIDE = (34, 26, 14)


def plain(tally: Tally, span: timedelta) -> dict[str, Any]:
    """The report as JSON holds it: counts as they are, times in seconds (median and mean), shares from 0 to 1."""
    days = span.total_seconds() / 86_400
    return {
        "days": round(days, 3),
        "promotions": {
            "attempts": _by(tally, "promotion_attempts"),
            "successes": _by(tally, "promotion_successes"),
            "failures": _by(tally, "promotion_failures"),
            "seconds": _times(tally, "promotion"),
            "releases_accepted": _sum(tally, "releases_accepted"),
            "releases_refused": _by(tally, "releases_refused"),
        },
        "gates": {
            "validation_failures": _by(tally, "validation_failures"),
            "verdicts": _by(tally, "gate_verdicts"),
            "overrides": _by(tally, "overrides"),
        },
        "approvals": {"counted": _by(tally, "approvals"), "wait_seconds": _times(tally, "approval_wait")},
        "rollbacks": {"by_outcome": _by(tally, "rollbacks"), "seconds": _times(tally, "rollback")},
        "dora": {each: _dora(tally, each, days) for each in _environments(tally)},
        "production_validation": _validation(tally),
        "direct_pushes": _sum(tally, "direct_pushes"),
    }


_DORA = ("changes", "deployments", "lead_time_seconds", "restore_seconds")


def _environments(tally: Tally) -> list[str]:
    """Where something was deployed. DORA's four are about production, so environments are never taken together."""
    names = [f"lockstep_{name}" for name in _DORA]
    counted = {labels[0] for name in names for labels in tally.counts.get(name, ())}
    return sorted(counted | {labels[0] for name in names for labels in tally.spreads.get(name, ())})


def _dora(tally: Tally, environment: str, days: float) -> dict[str, Any]:
    changes, live = _of(tally, "changes", environment), _of(tally, "deployments", environment, "live")
    return {
        "changes": changes,
        "deployments": live,
        "deployments_a_day": round(live / days, 3) if days else None,
        "lead_time_seconds": _times(tally, "lead_time", environment),
        "change_failure_rate": _share(_of(tally, "change_failures", environment), changes),
        "time_to_restore_seconds": _times(tally, "restore", environment),
    }


def _validation(tally: Tally) -> dict[str, Any]:
    passed = _sum(tally, "production_validations", 1, "passed")
    runs = passed + _sum(tally, "production_validations", 1, "failed")
    closed = _sum(tally, "incidents", 1, "closed")
    wrong = _sum(tally, "incidents", 1, "false_positive")
    return {
        "runs": runs,
        "pass_rate": _share(passed, runs),
        "incidents": _by(tally, "incidents"),
        "acknowledge_seconds": _times(tally, "incident_acknowledge"),
        "resolve_seconds": _times(tally, "incident_resolve"),
        "false_positives": wrong,
        "false_positive_rate": _share(min(wrong, closed), closed),
        "alerts_per_incident": _ratio(_sum(tally, "incident_alerts"), closed),
        "actionable": _share(_sum(tally, "incidents_acted"), closed),
    }


def _by(tally: Tally, name: str) -> dict[str, int]:
    found = tally.counts.get(f"lockstep_{name}", Counter())
    return {" / ".join(labels): number for labels, number in sorted(found.items())}


def _sum(tally: Tally, name: str, place: int = 0, word: str | None = None) -> int:
    found = tally.counts.get(f"lockstep_{name}", Counter())
    return sum(number for labels, number in found.items() if word is None or labels[place] == word)


def _of(tally: Tally, name: str, *labels: str) -> int:
    return tally.counts.get(f"lockstep_{name}", Counter())[labels]


def _times(tally: Tally, name: str, environment: str | None = None) -> dict[str, float | int | None]:
    """Of all environments, or of one."""
    known = tally.raw.get(f"lockstep_{name}_seconds", {})
    found = [each for labels, times in known.items() if environment in (None, labels[0]) for each in times]
    if not found:
        return {"count": 0, "median": None, "mean": None}
    return {"count": len(found), "median": round(median(found), 1), "mean": round(sum(found) / len(found), 1)}


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 2) if whole else None


def page(figures: Mapping[str, Any]) -> str:
    """For people at a terminal: one table a part, with what there was nothing of left out."""
    parts = [f"The last {figures['days']:g} days, from the ledger."]
    tables = {title: content for title, content in figures.items() if title != "dora"}
    tables |= {f"DORA in {each}": content for each, content in figures["dora"].items()}
    for title, content in tables.items():
        rows = list(_rows(content)) if isinstance(content, Mapping) else []
        if rows:
            name = title.replace("_", " ")
            parts.append(f"{name[0].upper()}{name[1:]}\n{_indented(aligned(rows, _WIDE))}")
    if figures["direct_pushes"]:
        parts.append(f"Direct pushes past pull requests: {figures['direct_pushes']}")
    return "\n\n".join(parts) if len(parts) > 1 else f"{parts[0]} Nothing happened."


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def _rows(content: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for name, value in content.items():
        title = name.replace("_", " ").removesuffix(" seconds")
        if isinstance(value, Mapping) and "median" in value:
            if value["count"]:
                said = f"{_time(value['median'])} in the median"
                yield title, said, f"of {value['count']}"
        elif isinstance(value, Mapping):
            for labels, number in value.items():
                yield title, labels, str(number)
        elif value is not None and (name.endswith("rate") or name == "actionable"):
            yield title, f"{value:.1%}", ""
        elif value:
            yield title, f"{value:g}", ""


def _time(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
