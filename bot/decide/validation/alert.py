"""The alert as its contract has it, field by field (row C2); `policies/production-validation-alert.v1.schema.json` is
its schema. Built here, and read here when a workflow sends one (row C8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.decide.text import visible
from bot.decide.validation.steps import next_steps
from bot.model.validation import BLOCKING, Flow, Outcome, Validated

EVENT = "Production Validation Failed"
SENT_AS = "production-validation-failed"
"""The word of `actions/send-alert` for the same event."""
MOST_FLOWS = 200
LONGEST = 500
LONGEST_ID = 100
_RUN = re.compile(
    r"(https?://[^/\s]+)/((?:[\w.-]+/)?[\w.-]+)/actions/runs/([1-9][0-9]{0,18})(?:[/?#]\S*)?", re.ASCII
)


def alert(
    *,
    at: datetime,
    deployment: str,
    job_url: str,
    failed: Sequence[Flow],
    artifacts: Sequence[str],
    steps: Sequence[str],
) -> dict[str, Any]:
    """The JSON object, its keys in the contract's order. `at` must be aware; it is told in UTC to the second."""
    if at.tzinfo is None:
        raise ValueError("an alert's time needs a time zone")
    return {
        "event": EVENT,
        "timestamp": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "terraformDeploymentId": deployment,
        "githubJobUrl": job_url,
        "failedFlows": [
            {"flowName": each.name, "exitCode": each.exit_code, "error": each.error} for each in failed
        ],
        "artifactUrls": list(artifacts),
        "nextSteps": list(steps),
    }


def alert_of(validated: Validated) -> dict[str, Any]:
    """The alert for a validation that failed. Raises ValueError for one that did not: nothing is sent then (C1)."""
    if validated.outcome not in BLOCKING:
        raise ValueError(f"a validation that {validated.outcome.value} is no alert")
    readable = validated.outcome is Outcome.FAILED and bool(validated.failed)
    return alert(
        at=validated.at,
        deployment=validated.deployment,
        job_url=validated.run_url,
        failed=validated.failed,
        artifacts=validated.artifacts,
        steps=next_steps(validated.failed, readable=readable),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An alert that a workflow sent, read. Nothing in it but a failure is believed: it cannot open the gate."""

    host: str
    repository: str
    run_id: int
    deployment: str
    failed: tuple[Flow, ...]


class NoAlert(ValueError):
    """What was sent is not the contract's alert; the text names the field, and repeats nothing of it."""


def read_alert(given: Mapping[str, Any]) -> Sent:
    """Reads an alert. Raises NoAlert for the first field that is not the contract's."""
    if given.get("event") not in (EVENT, SENT_AS):
        raise NoAlert(f"event: expected {EVENT!r} or {SENT_AS!r}")
    found = _RUN.fullmatch(_text(given, "githubJobUrl", 500))
    if found is None:
        raise NoAlert(
            "githubJobUrl: expected the address of a run, https://…/owner/repository/actions/runs/NUMBER"
        )
    flows = given.get("failedFlows", [])
    if not isinstance(flows, list) or len(flows) > MOST_FLOWS:
        raise NoAlert(f"failedFlows: expected a list of at most {MOST_FLOWS}")
    return Sent(
        host=found[1],
        repository=found[2],
        run_id=int(found[3]),
        deployment=visible(_text(given, "terraformDeploymentId", LONGEST_ID, needed=False)),
        failed=tuple(_flow(each, place) for place, each in enumerate(flows)),
    )


def _flow(given: object, place: int) -> Flow:
    where = f"failedFlows[{place}]"
    if not isinstance(given, dict):
        raise NoAlert(f"{where}: expected an object")
    code = given.get("exitCode")
    if not isinstance(code, int) or isinstance(code, bool) or not -255 <= code <= 255 or code == 0:
        raise NoAlert(f"{where}.exitCode: expected a whole number that is not 0")
    name = visible(_text(given, "flowName", 300, where=f"{where}."))
    error = _text(given, "error", 10_000, needed=False, where=f"{where}.")
    return Flow(name=name or "(a flow without a name)", exit_code=code, error=visible(error)[:LONGEST])


def _text(given: Mapping[str, Any], key: str, longest: int, *, needed: bool = True, where: str = "") -> str:
    value = given.get(key, None if needed else "")
    if not isinstance(value, str) or len(value) > longest or (needed and not value.strip()):
        raise NoAlert(f"{where}{key}: expected text of at most {longest} characters")
    return value.strip()
