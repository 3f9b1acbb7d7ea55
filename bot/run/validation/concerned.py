"""Whom an event of another repository concerns: kept as marks by each look, so that no rules are read for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository
from bot.model.policy import Policy
from bot.model.policy_after import Validation
from bot.model.ports_store import wake
from bot.model.subject import Subject, validation
from bot.model.validation import DeploymentRequest, RequestState
from bot.run.house import House, note, whole
from bot.run.validation.unnamed import tell_unnamed

EVENT = "deployment_protection_rule"
_CALLBACK = re.compile(r"/repos/[^/]+/[^/]+/actions/runs/([1-9][0-9]{0,18})/deployment_protection_rule/?")


def mark(installation_id: int, config_repository_id: int) -> str:
    """The mark that says what a config repository validates and blocks."""
    return f"validation:{installation_id}:{config_repository_id}"


def remember(house: House, subject: Subject, rules: Validation | None, gate: str = "") -> None:
    """Keeps whom it concerns; None: nobody any more. What waits where the rules name a repository no more is told."""
    place = mark(subject.installation_id, subject.repository)
    wanted = None
    if rules is not None:
        wanted = {
            "repository": rules.repository.lower(),
            "workflow": rules.workflow,
            "branches": list(rules.branches),
            "blocks": [each.lower() for each in rules.blocks],
            "gate": gate,
        }
    before = house.store.marks.get(place)
    if before != wanted:
        house.store.marks.put(place, wanted)
    for name in sorted(set((before or {}).get("blocks", ())) - set((wanted or {}).get("blocks", ()))):
        left = house.store.repositories.named(subject.installation_id, name)
        if left is not None and not blocking(house, subject.installation_id, left.full_name):
            tell_unnamed(house, subject, left)


def blocking(house: House, installation_id: int, full_name: str) -> Mapping[int, Mapping[str, Any]]:
    """The config repositories that block deployments of this one, with their marks."""
    return {
        config: kept for config, kept in _kept(house, installation_id) if full_name.lower() in kept["blocks"]
    }


def _kept(house: House, installation_id: int) -> Iterator[tuple[int, Mapping[str, Any]]]:
    prefix = f"validation:{installation_id}:"
    for key, kept in house.store.marks.under(prefix).items():
        if kept:
            yield int(key.removeprefix(prefix)), kept


def wake_by_rules(house: House, subject: Subject, policy: Policy | None) -> None:
    """After a look at a config repository: its validation is looked at when there is one, or was."""
    place = mark(subject.installation_id, subject.repository)
    if (policy is not None and policy.validation is not None) or house.store.marks.get(place):
        wake(house.store, validation(subject.installation_id, subject.repository))


def wake_concerned(house: House, subject: Subject) -> int:
    """Something changed in a repository that may be blocked (a pull request, a push); how many were woken."""
    found = house.store.repositories.find(subject.repository)
    if found is None:
        return 0
    concerned = blocking(house, subject.installation_id, found.full_name)
    for config in concerned:
        wake(house.store, validation(subject.installation_id, config))
    return len(concerned)


def overheard(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> int:
    """Runs that ended, and deployments that wait, in this repository; how many validations were woken."""
    found = house.store.repositories.find(subject.repository)
    if found is None:
        return 0
    payloads = [(each, json.loads(each.payload)) for each in deliveries]
    asked = [_request(house, subject, each, payload) for each, payload in payloads if each.event == EVENT]
    for request in asked:
        if request is not None:
            _keep_asked(house, subject, found, request)
    woken = set(blocking(house, subject.installation_id, found.full_name)) if asked else set()
    if asked and not woken:
        tell_unnamed(house, subject, found)
    for config, kept in _kept(house, subject.installation_id):
        if kept["repository"] != found.full_name.lower():
            continue
        runs = [
            (payload.get("workflow_run") or {}) for each, payload in payloads if each.event == "workflow_run"
        ]
        ours = [run for run in runs if str(run.get("path", "")).partition("@")[0] == kept["workflow"]]
        for run in ours:
            if isinstance(run.get("id"), int):
                house.store.validations.ask(config, int(run["id"]), house.clock())
        woken |= {config} if ours or not deliveries else set()
    for config in woken:
        wake(house.store, validation(subject.installation_id, config))
    return len(woken)


@whole
def _keep_asked(house: House, subject: Subject, repository: Repository, request: DeploymentRequest) -> None:
    """The request with its row, once."""
    if not house.store.validations.request(request):
        return
    details = {
        "environment": request.environment,
        "run_id": request.run_id,
        "repository": repository.full_name,
    }
    why = f"run {request.run_id} of {repository.full_name} wants to deploy to {request.environment}"
    note(house, subject, "deployment_asked", "done", why, head_sha=request.sha, details=details)


def _request(
    house: House, subject: Subject, delivery: StoredDelivery, payload: Mapping[str, Any]
) -> DeploymentRequest | None:
    """What waits; None for a payload that lacks it. Of the callback address only the run's number is taken: whoever
    answers goes to GitHub's own address, whatever host stands there."""
    deployment = payload.get("deployment") or {}
    callback = _CALLBACK.search(str(payload.get("deployment_callback_url") or ""))
    environment = payload.get("environment")
    if callback is None or not isinstance(deployment.get("id"), int) or not isinstance(environment, str):
        why = "a deployment waits, but its webhook names no deployment, environment or run"
        note(house, subject, "deployment_asked", "skipped", why, delivery_id=delivery.id)
        return None
    return DeploymentRequest(
        repository_id=subject.repository,
        installation_id=subject.installation_id,
        deployment_id=deployment["id"],
        run_id=int(callback[1]),
        environment=environment,
        sha=str(payload.get("sha") or ""),
        state=RequestState.PENDING,
        at=delivery.received_at,
    )
