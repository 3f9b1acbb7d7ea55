"""What a trip came to: pull requests, times, requests, deliveries, and the ledger computed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from bot.adapters.store import Store, Verified
from bot.demo.screen import Screen
from bot.demo.town import Town
from bot.demo.trip import STEPS, Trip

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
        "pull_requests": {name: _pull(town, name) for name in ("dev", "staging")},
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


def _pull(town: Town, environment: str) -> dict[str, Any] | None:
    pull = town.pull_to(environment)
    if pull is None:
        return None
    state = "merged" if pull.merged else pull.state
    return {"number": pull.number, "title": pull.title, "state": state, "url": town.url(pull)}


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
    for key, words in (("dev_opened", "CI → pull request:"), ("dev_merged", "CI → dev merged:")):
        screen.say(f"  {words:<22} {seconds[key]:.2f} s" if key in seconds else f"  {words:<22} not reached")
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
