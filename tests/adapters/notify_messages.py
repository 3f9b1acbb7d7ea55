"""Messages as they come from real rows, for the channels' tests: through the map, as in production."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.decide.notify import Place, due, tiding
from bot.model.ledger import LedgerEntry
from bot.model.tidings import Message, Notice

NOW = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
HOSTILE = "<!channel> <@U1> <https://evil.example|log in> & *bold* @everyone https://evil.example <b>x</b>"
"""Case 92's words: what Slack, a mail reader and a browser would act on."""


def row(event: str, decision: str = "done", **more: Any) -> LedgerEntry:
    """A row."""
    return LedgerEntry(**{"at": NOW, "event": event, "decision": decision, **more})


def message(*rows: LedgerEntry, environment: str | None = "production", calls: bool = True) -> Message:
    """The one message that these rows become."""
    place = Place(
        repository="splattop/config",
        url="https://github.com/splattop/config",
        environment=environment,
        production=environment == "production",
    )
    told = [tiding(each, place) for each in rows]
    notices = [
        Notice(id=number, seq=number, channel="c", tiding=each)
        for number, each in enumerate(told, 1)
        if each is not None
    ]
    (found,) = due("c", notices, {}, NOW + timedelta(seconds=1), calls=calls).messages
    return found.message


def validation() -> LedgerEntry:
    """The seed's example."""
    return row(
        "validation_failed",
        reason="deploy-12345: add-exercise-and-see-it-in-list.yml failed",
        details={
            "deployment": "deploy-12345",
            "failed_flows": [
                {
                    "flowName": "add-exercise-and-see-it-in-list.yml",
                    "exitCode": 1,
                    "error": "Assertion failed: expected element 'exercise-list' to be visible",
                }
            ],
            "run_url": "https://github.com/splattop/app/actions/runs/12345",
            "artifact_urls": ["https://github.com/splattop/app/actions/runs/12345/artifacts/678"],
            "next_steps": [
                "Review production validation logs",
                "Check if infrastructure rollback is needed",
                "Investigate failed assertions",
            ],
        },
    )


def approval() -> LedgerEntry:
    """A promotion that waits for two roles."""
    return row(
        "approval_required",
        reason="Waits for 1 of sre, 1 of qa",
        pull_number=42,
        details={"components": ["api 1.7.3", "web 2.4.0"], "roles": ["1 × sre", "1 × qa"]},
    )


def storm(count: int) -> list[LedgerEntry]:
    """So many failed deployments."""
    return [
        row(
            "deployment", "failed", pull_number=number + 1,
            reason=f"The application `splattop-production` is Degraded: web-{number} has crashed",
            details={"findings": ["web: CrashLoopBackOff"]},
        )
        for number in range(count)
    ]  # fmt: skip


def hostile() -> LedgerEntry:
    """A row in which everything that somebody may write is an attack."""
    return row(
        "override", reason=f"{HOSTILE}\r\nBcc: everybody@example.com", actor_login="ana\r\nBcc: x@example.com",
        pull_number=7, details={"gate": HOSTILE, "components": [HOSTILE] * 9, "run_url": "javascript:alert(1)"},
    )  # fmt: skip


EXAMPLES = {
    "validation": message(validation()),
    "approval": message(approval(), environment="staging"),
    "storm": message(*storm(200)),
    "hostile": message(hostile()),
}
