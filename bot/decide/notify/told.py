"""A ledger row in words: which rows are told, as which event, how grave, and what stands in the message.

One table. What is not in it stands in `silent.SILENT` with the reason, and a test keeps the two complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from bot.decide.names import INCIDENT_LABEL
from bot.decide.release import REASON_CODES
from bot.decide.text import truncate, visible
from bot.model.ledger import LedgerEntry
from bot.model.tidings import Link, Severity, Tiding

REASON_LIMIT = 600
"""Characters of a reason; the whole of it stands in the ledger and on GitHub."""
FACT_LIMIT = 300
_URL = re.compile(r"https?://[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]{1,1000}", re.ASCII)
"""An address without blanks and without any character that a channel's markup knows."""
_I, _W, _C = Severity.INFO, Severity.WARNING, Severity.CRITICAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the row belongs. `url` is the config repository's web address, `environment` None when it is of none."""

    repository: str
    url: str
    environment: str | None = None
    production: bool = False
    """Whether a failure there is critical."""
    issue: int | None = None
    """The issue that tells the incident, when the row does not name it itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """How one kind of row is told. In `title`, `{in}` stands for ` in <environment>`, `{to}` for ` to <environment>`,
    `{pull}` for ` #<number>`, `{on}` for ` on #<number>`, each empty when there is none; `{who}` for who did it."""

    event: str
    title: str
    severity: Severity = _W
    fails: bool = False
    """A failure: critical in production."""
    only: Callable[[LedgerEntry], bool] = lambda entry: True
    """Whether this row of that kind is told at all."""


def detail(entry: LedgerEntry, name: str) -> str:
    """One of the details as text; empty when it is not there."""
    value = entry.details.get(name)
    return "" if value is None else str(value)


def _state(entry: LedgerEntry) -> bool:
    return detail(entry, "state") == "live"


def _rail(entry: LedgerEntry) -> bool:
    """Locks that stand in the rules are no news: nobody wanted a rollback by itself there."""
    return detail(entry, "lock") not in ("opt_in", "allowlist", "unknown_place", "open_already")


def _alone(entry: LedgerEntry) -> bool:
    """A rollback's own hold is part of the rollback, which is told."""
    return not entry.details.get("rollback")


_REFUSED_RELEASES = REASON_CODES - {
    "event_not_allowed", "foreign_head", "branch_not_allowed", "not_completed", "not_successful", "stale_run",
}  # fmt: skip
"""What the author must mend. A run that failed, or that was never meant to hand anything over, is no news."""

TOLD: Mapping[tuple[str, str], Saying] = {
    ("deployment", "failed"): Saying(event="promotion_failed", title="Promotion{pull}{to} failed", fails=True),
    ("deployment", "done"): Saying(
        event="deployed", title="Promotion{pull}{to} is live", severity=_I, only=_state
    ),
    ("proposal", "refused"): Saying(event="promotion_failed", title="Nothing can be promoted{to}"),
    ("alert_bundle", "refused"): Saying(
        event="promotion_failed", title="The alert bundle cannot be promoted{to}"
    ),
    ("parked", "failed"): Saying(event="promotion_failed", title="Lockstep gave up for now{on}{in}", fails=True),
    ("gates_held", "failed"): Saying(event="validation_failed", title="Gates hold the promotion{pull}{to}"),
    ("validation_failed", "done"): Saying(
        event="validation_failed", title="Production validation failed{in}", severity=_C
    ),
    ("incident_escalated", "done"): Saying(
        event="escalation", title="The incident{in} waits for somebody", severity=_W, fails=True
    ),
    ("incident_acknowledged", "done"): Saying(
        event="incident", title="{who} looks at the incident{in}", severity=_I
    ),
    ("incident_decided", "done"): Saying(event="incident", title="{who} decided on the incident{in}", severity=_I),
    ("validation_overridden", "done"): Saying(
        event="override", title="{who} lets deployments pass the failed validation{in}"
    ),
    ("validation_override_cancelled", "done"): Saying(
        event="override", title="{who} blocks deployments again{in}", severity=_I
    ),
    ("incident_closed", "done"): Saying(event="incident", title="The incident{in} is over", severity=_I),
    ("approval_required", "done"): Saying(
        event="approval_required", title="Promotion{pull}{to} waits for approval", severity=_I
    ),
    ("rollback", "done"): Saying(event="rollback_started", title="Rollback{pull}{in} is open"),
    ("rollback", "refused"): Saying(event="rollback_blocked", title="No rollback{in}"),
    ("rollback_locked", "refused"): Saying(
        event="rollback_blocked", title="No automatic rollback{in}", only=_rail
    ),
    ("breaker", "done"): Saying(
        event="breaker_open", title="Too many automatic rollbacks{in}: people decide now", fails=True
    ),
    ("rollback_ended", "done"): Saying(
        event="rollback_finished", title="Rollback{pull}{in} is healthy", severity=_I
    ),
    ("rollback_ended", "failed"): Saying(
        event="rollback_finished", title="Rollback{pull}{in} did not become healthy", fails=True
    ),
    ("rollback_ended", "skipped"): Saying(
        event="rollback_finished", title="Rollback{pull}{in} was merged, and nothing watches whether it is well"
    ),
    ("rollback_closed", "done"): Saying(
        event="rollback_finished", title="Rollback{pull}{in} was closed without a merge"
    ),
    ("incident", "done"): Saying(event="incident", title="Incident{in}", fails=True),
    ("hotfix_opened", "done"): Saying(event="hotfix", title="Hotfix{pull}{to} is open", severity=_C),
    ("hotfix", "refused"): Saying(event="hotfix", title="No hotfix can be opened{to}", fails=True),
    ("debt_released", "done"): Saying(event="hotfix", title="A hotfix's debt has ended{in}", severity=_I),
    ("hold", "done"): Saying(event="hold", title="Held{pull}{in}", severity=_I, only=_alone),
    ("unhold", "done"): Saying(event="hold", title="Let go{pull}{in}", severity=_I, only=_alone),
    ("override", "done"): Saying(event="override", title="{who} set a gate aside{on}{in}"),
    ("override_cancelled", "done"): Saying(
        event="override", title="{who} took an override back{on}{in}", severity=_I
    ),
    ("veto_lifted", "done"): Saying(event="override", title="{who} lifted a veto{on}{in}", only=_alone),
    ("rules_invalid", "refused"): Saying(event="rules_changed", title="The rules file cannot be read", severity=_W),
    ("rules_changed", "done"): Saying(event="rules_changed", title="The rules file changed", severity=_I),
    ("direct_push", "done"): Saying(event="intrusion", title="A push went past every review"),
    ("spoofed_check", "refused"): Saying(event="intrusion", title="Somebody forged a check of Lockstep's{on}"),
    ("tamper", "refused"): Saying(event="intrusion", title="Somebody edited another's approval{on}"),
    ("impostor", "refused"): Saying(event="intrusion", title="A repository took another's name"),
    ("artifact_changed", "refused"): Saying(event="intrusion", title="A run's artifact changed after it was taken"),
    **{
        (code, "refused"): Saying(event="release_refused", title="A release was not taken")
        for code in sorted(_REFUSED_RELEASES)
    },
}  # fmt: skip
"""By `event` and `decision` of the row."""

_SHOWN_FACTS = (
    ("deployment", "Deployment"),
    ("components", "Components"),
    ("failed_flows", "Failed flow"),
    ("gate", "Gate"),
    ("evidence", "Measured"),
    ("roles", "Waits for"),
    ("owners", "Owners"),
    ("findings", "Finding"),
    ("trigger", "Trigger"),
    ("alert", "Alert"),
    ("lock", "Lock"),
    ("seconds", "Seconds since the merge"),
    ("stage", "Stage"),
    ("role", "Calls"),
    ("source", "Source"),
    ("next_steps", "Next step"),
)
"""Details of a row that are worth reading, with their names."""
_SAME = ("rollback", "issue", "incident", "number", "run_id", "attempt")
"""What tells two rows apart that say the same: another rollback, the next reminder, a re-run that failed again."""
_BEFORE_INCIDENT = frozenset({"validation_failed"})
"""Rows that are told before the issue of their incident is there; the list of open ones leads to it, for `/ack`."""
MOST = 5
"""Values of one name that are shown."""


def tiding(entry: LedgerEntry, place: Place) -> Tiding | None:
    """The row as a tiding; None when it is not told."""
    saying = TOLD.get((entry.event, entry.decision))
    if saying is None or not saying.only(entry):
        return None
    event = saying.event
    severity = _severity(saying, place)
    return Tiding(
        event=event,
        title=_title(saying.title, entry, place),
        severity=severity,
        at=entry.at,
        repository=place.repository,
        environment=place.environment,
        reason=words(entry.reason, REASON_LIMIT),
        facts=_facts(entry),
        links=_links(entry, place),
        data=alert if isinstance(alert := entry.details.get("alert"), Mapping) else None,
        dedup="|".join(
            (event, entry.event, entry.decision, place.environment or "", str(entry.pull_number or ""),
             *(detail(entry, name) for name in _SAME), entry.actor_login or "", entry.reason)
        ),
        group=f"{event}|{place.environment or ''}",
    )  # fmt: skip


def words(text: str, limit: int) -> str:
    """One visible line; what the ledger escaped to show that it was hidden is left out."""
    return truncate(visible(re.sub(r"\\u(?:200[b-f]|2060|feff)", "", text)), limit, " …")


def _severity(saying: Saying, place: Place) -> Severity:
    return _C if saying.fails and place.production else saying.severity


def _title(template: str, entry: LedgerEntry, place: Place) -> str:
    environment = words(place.environment or "", 60)
    return template.format_map(
        {
            "in": f" in {environment}" if environment else "",
            "to": f" to {environment}" if environment else "",
            "pull": f" #{entry.pull_number}" if entry.pull_number else "",
            "on": f" on #{entry.pull_number}" if entry.pull_number else "",
            "who": words(entry.actor_login or "Lockstep", 60),
        }
    )


def _facts(entry: LedgerEntry) -> tuple[tuple[str, str], ...]:
    facts = [
        (label, words(shown, FACT_LIMIT))
        for name, label in _SHOWN_FACTS
        for shown in _values(entry.details.get(name))
    ]
    by = [("By", words(entry.actor_login, 60))] if entry.actor_login else []
    return (*facts, *by)


def _values(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        more = [f"… and {len(value) - MOST} more"] if len(value) > MOST else []
        return [*(_one(each) for each in value[:MOST]), *more]
    return [shown] if not isinstance(value, Mapping) and (shown := _one(value)) else []


def _one(value: Any) -> str:
    """One value; a flow of a validation reads as its name, its exit code and what it said."""
    if isinstance(value, Mapping):
        return f"{value.get('flowName', '')} (exit {value.get('exitCode', '?')}): {value.get('error', '')}"
    return "" if value is None else str(value)


def _links(entry: LedgerEntry, place: Place) -> tuple[Link, ...]:
    """Built from numbers and from addresses of the config repository; addresses in details only when they are whole."""
    links: list[Link] = []
    if entry.pull_number:
        links.append(
            Link(label=f"Pull request #{entry.pull_number}", url=f"{place.url}/pull/{entry.pull_number}")
        )
    issue = detail(entry, "issue") or str(place.issue or "")
    if re.fullmatch(r"[1-9][0-9]{0,9}", issue, re.ASCII):
        links.append(Link(label=f"Incident #{issue}", url=f"{place.url}/issues/{issue}"))
    elif entry.event in _BEFORE_INCIDENT:
        query = f'is:open label:"{INCIDENT_LABEL}"'
        links.append(Link(label="Incident", url=f"{place.url}/issues?q={quote(query, safe='')}"))
    artifacts = entry.details.get("artifact_urls")
    listed = artifacts[:3] if isinstance(artifacts, list | tuple) else ()
    found = [(label, detail(entry, name)) for name, label in (("run_url", "Run"), ("issue_url", "Incident"))]
    found += [(f"Artifact {number}", str(url)) for number, url in enumerate(listed, 1)]
    links += [Link(label=label, url=url) for label, url in found if _URL.fullmatch(url)]
    if not links and re.fullmatch(r"[0-9a-f]{40}", entry.head_sha or "", re.ASCII):
        links.append(
            Link(label=f"Commit {str(entry.head_sha)[:7]}", url=f"{place.url}/commit/{entry.head_sha}")
        )
    return tuple(links)
