"""What a trip came to: pull requests, times, requests, deliveries, and the ledger computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot.adapters.store import Store, Verified
from bot.decide import evidence_summary
from bot.demo.screen import Screen
from bot.demo.town import Town, short
from bot.demo.trip import STEPS, Trip
from bot.model.evidence import EVENT
from bot.model.policy_gates import GATE_NAMES
from bot.model.rollback import GOAL
from bot.sandbox.state import Pull

SHOWN = 4
"""Gates whose measured values are shown."""
_COUNTS = "select count(*) as received, count(completed_at) as completed from deliveries"


def summary(town: Town, store: Store, trip: Trip) -> dict[str, Any]:
    """As JSON; everything is read from the local GitHub and the store now. Raises Retryable."""
    used: Counter[str] = Counter()
    for each in store.budget.usage():
        used[each.purpose] += each.count
    verified = store.ledger.verify()
    counts = store.database.row(_COUNTS) or {}
    sent = town.github.webhooks.log
    return {
        "done": trip.is_over,
        "missing": [step.key for step in trip.missing],
        "seconds": dict(trip.seconds()),
        "pull_requests": {
            "dev": _pull(town, town.first_to("dev")),
            "staging": _pull(town, town.first_to("staging")),
            "rollback": _pull(town, town.rollback()),
        },
        "rollback_seconds": _clock(store),
        "evidence": _evidence(store),
        "github_requests": dict(sorted(used.items())),
        "github_requests_total": sum(used.values()),
        "webhooks": {"sent": len(sent), "accepted": sum(each.status_code in (200, 202) for each in sent)},
        "deliveries": dict(counts),
        "ledger": {
            "whole": isinstance(verified, Verified),
            "rows": verified.head.seq if isinstance(verified, Verified) else None,
            "trouble": None if isinstance(verified, Verified) else f"row {verified.seq}: {verified.why}",
        },
        "local_github": {"unknown_routes": town.github.unknown_routes, "crashes": town.github.crashes},
    }


def _clock(store: Store) -> float | None:
    """Seconds from the revert's merge to healthy."""
    rows = store.ledger.rows(event="rollback_ended")
    found = str(rows[-1].entry.details.get("seconds") or "") if rows else ""
    return float(found) if found else None


def _pull(town: Town, pull: Pull | None) -> dict[str, Any] | None:
    if pull is None:
        return None
    state = "merged" if pull.merged else pull.state
    return {"number": pull.number, "title": pull.title, "state": state, "url": town.url(pull)}


def _evidence(store: Store) -> dict[str, Any] | None:
    """The first evidence record of staging, and its hash."""
    rows = [row.entry.details for row in store.ledger.rows(event=EVENT)]
    found = [each for each in rows if each["environment"] == "staging"]
    return {"sha256": found[0]["sha256"], "record": found[0]["record"]} if found else None


def _show_evidence(screen: Screen, evidence: Mapping[str, Any]) -> None:
    """Gates with what was measured, who approved, and which digests moved."""
    record = evidence["record"]
    judged, found = record["judged"], evidence_summary.summary(record)
    words = [f"{evidence_summary.count(found['gates'])}, merged by {found['by']}"]
    measured = {gate["gate"]: _measured(gate) for gate in judged["gates"] if gate["gate"] in GATE_NAMES}
    words += [f"{name} {said}" for name, said in list(measured.items())[:SHOWN] if said]
    words += [f"approved: {each['by']} as {', '.join(each['for'])}" for each in found["approved"]]
    words.append(
        ", ".join(
            short(f"{each['component']} {each['to']['tag']} {each['to']['digest']}")
            for each in judged["components"]
        )
    )
    words.append(f"{short(evidence['sha256'])} in the ledger and as a Git note")
    for number, line in enumerate(words):
        screen.say(f"  {'' if number else 'Why staging runs it:':<22} {line}")


def _measured(gate: Mapping[str, Any]) -> str:
    """What a gate measured, each once."""
    values = (f"{each['measured']} (needed: {each['needed']})" for each in gate["measurements"])
    return "; ".join(dict.fromkeys(values))


def show(screen: Screen, found: Mapping[str, Any]) -> None:
    """For people."""
    seconds = found["seconds"]
    screen.say()
    screen.say("The trip" if found["done"] else "The trip, as far as it came", bold=True)
    for environment, pull in found["pull_requests"].items():
        words = f"#{pull['number']} {pull['title']} ({pull['state']})" if pull else "none"
        screen.say(f"  {environment + ':':<22} {words}")
        if pull:
            screen.say(f"  {'':<22} {pull['url']}")
    if found["evidence"] and found["evidence"]["record"]["judged"]:
        _show_evidence(screen, found["evidence"])
    for key, words in (("dev_opened", "CI → pull request:"), ("dev_merged", "CI → dev merged:")):
        screen.say(f"  {words:<22} {seconds[key]:.2f} s" if key in seconds else f"  {words:<22} not reached")
    if found["rollback_seconds"] is not None:
        took = f"{found['rollback_seconds']:.0f} s from merge to healthy (goal: {GOAL.total_seconds():.0f} s)"
        screen.say(f"  {'The rollback:':<22} {took}")
    purposes = ", ".join(f"{count} {purpose}" for purpose, count in found["github_requests"].items())
    screen.say(f"  {'GitHub requests:':<22} {found['github_requests_total']} ({purposes or 'none'})")
    webhooks, deliveries = found["webhooks"], found["deliveries"]
    screen.say(f"  {'Webhooks:':<22} {webhooks['sent']} sent, {webhooks['accepted']} accepted")
    screen.say(f"  {'Deliveries:':<22} {deliveries['received']} stored, {deliveries['completed']} completed")
    ledger = found["ledger"]
    words = (
        f"{ledger['rows']} rows, verified: none altered"
        if ledger["whole"]
        else f"ALTERED at {ledger['trouble']}"
    )
    screen.say(f"  {'Ledger:':<22} {words}")
    for key in found["missing"]:
        words = next(step.words for step in STEPS if step.key == key)
        screen.say(f"  {'Not seen:':<22} {words}", fg="red")
