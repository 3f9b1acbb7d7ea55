"""A look at a repository: what do a push, a status, or the sweep mean for its environments and pull requests?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.decide.checks import MARK, SUMMARY_LIMIT, TITLE_LIMIT
from bot.decide.names import BRANCH_PREFIX, detail_check
from bot.decide.text import code, fit
from bot.model.action import CheckRun, CommentOnCommit
from bot.model.delivery import StoredDelivery
from bot.model.facts import Repository
from bot.model.policy import Policy
from bot.model.ports_store import wake
from bot.model.snapshot import PolicyResult
from bot.model.subject import Subject, environment, pull, source
from bot.run import alert_pulls, deploying, guards, rules, seen, validation
from bot.run.acts import Cause, carry_out
from bot.run.dispatch import EVENT, obey_dispatches
from bot.run.gates import wake_for_checks
from bot.run.house import House, Looked
from bot.run.identity import app_of
from bot.run.installation import discover
from bot.run.landed import settles_at, watch

LARGE_PUSH = 20
"""GitHub lists at most 20 commits in a push event; a push that lists as many may hold more."""


def look_repository(house: House, subject: Subject, deliveries: Sequence[StoredDelivery]) -> Looked:
    """Wakes the subjects that the events concern; without events (the sweep) all of them."""
    payloads = [(delivery.event, json.loads(delivery.payload)) for delivery in deliveries]
    if any(event == "push" and _touches_rules(house, payload) for event, payload in payloads):
        discover(house, subject.installation_id)
    config = next(
        (
            each
            for each in house.store.repositories.config_of(subject.installation_id)
            if each.id == subject.repository
        ),
        None,
    )
    if config is None:
        _wake_open(house, subject)
        _wake_environments(house, subject, None)
        validation.wake_concerned(house, subject)
        heads = {sha for event, payload in payloads if event != "push" for sha in _commits(payload)}
        woken = wake_for_checks(house, subject, heads) if heads else 0
        return Looked(outcome=f"woke {woken} pull requests" if woken else "skipped: not a config repository")
    asked = obey_dispatches(house, subject, config, deliveries)
    payloads = [(event, payload) for event, payload in payloads if event != EVENT]
    if asked and not payloads:
        _keep_plan(house, subject, config)
        return Looked(outcome=f"read {asked} requests to promote")
    if payloads and all(event != "push" for event, _ in payloads):
        _keep_plan(house, subject, config)
        return _wake_heads(house, subject, [payload for _, payload in payloads])
    if payloads and all(_own_branch(payload) for event, payload in payloads if event == "push"):
        _keep_plan(house, subject, config)
        return _wake_branches(house, subject, [payload for event, payload in payloads if event == "push"])
    return _wake_all(house, subject, config, deliveries)


def _keep_plan(house: House, subject: Subject, config: Repository) -> None:
    """This event took the place of the planned look at what was pushed: that is planned again.

    Only where this look cannot fail any more, or its own later time would be overtaken each time it fails.
    """
    planned = settles_at(house, config)
    if planned is not None:
        wake(house.store, subject, max(planned, house.clock()))


def _touches_rules(house: House, payload: Mapping[str, Any]) -> bool:
    """Whether a push may have changed a rules file. Cheap, and wrong on the safe side for large pushes."""
    commits = payload.get("commits") or []
    if len(commits) >= LARGE_PUSH or payload.get("forced"):
        return True
    touched = {
        path
        for commit in commits
        for kind in ("added", "modified", "removed")
        for path in commit.get(kind) or []
    }
    return bool(touched & set(house.rules_paths))


def _own_branch(payload: Mapping[str, Any]) -> bool:
    return str(payload.get("ref") or "").startswith(f"refs/heads/{BRANCH_PREFIX}")


def _wake_heads(house: House, subject: Subject, payloads: Sequence[Mapping[str, Any]]) -> Looked:
    """Statuses and checks name a commit; the record knows whose head that is, without asking GitHub."""
    heads = {sha for payload in payloads for sha in _commits(payload)}
    found = [each for each in house.store.promotions.open_of(subject.repository) if each.head_sha in heads]
    for promotion in found:
        wake(house.store, pull(subject.installation_id, subject.repository, promotion.pull_number))
    return Looked(outcome=f"woke {len(found)} pull requests")


def _commits(payload: Mapping[str, Any]) -> tuple[str, ...]:
    check = payload.get("check_run") or payload.get("check_suite") or payload
    return tuple(str(found) for key in ("head_sha", "sha") if (found := check.get(key)))


def _wake_branches(house: House, subject: Subject, payloads: Sequence[Mapping[str, Any]]) -> Looked:
    """`lockstep/<environment>/<source>` tells the environment."""
    found = {str(payload["ref"]).split("/")[3] for payload in payloads if str(payload["ref"]).count("/") >= 4}
    for name in sorted(found):
        wake(house.store, environment(subject.installation_id, subject.repository, name))
    return Looked(outcome=f"woke {', '.join(sorted(found)) or 'nothing'}")


def _wake_all(
    house: House, subject: Subject, config: Repository, deliveries: Sequence[StoredDelivery]
) -> Looked:
    """Everything, but for what a push or a plan is no news to (see `seen`); the sweep's look leaves nothing out."""
    last, asked = seen.last_woken(house, config.id), seen.asked_for(house, config.id)
    planned = not deliveries and _is_due(house, config)
    swept = asked != last.asked or not (deliveries or planned)
    if swept or not planned:
        alert_pulls.wake_open(house, subject)
        _wake_open(house, subject)  # also while the rules cannot be read: what is open says so itself
    github = house.github(subject.installation_id)
    for file in github.rules_files([config.id]):
        result = rules.of(house, file)
        told_by = next((each.id for each in deliveries if each.event == "push"), None)
        rules.note_errors(house, subject.installation_id, file, result, told_by)
        watch(house, subject, github, file.repository, file.head_sha, result.policy, deliveries)
        if planned and not swept and file.head_sha == last.head:
            return Looked(outcome="woke nobody: nothing has come since everything was woken")
        if planned and not swept:
            alert_pulls.wake_open(house, subject)
            _wake_open(house, subject)
        pushes = [json.loads(each.payload) for each in deliveries if each.event == "push"]
        guards.pushed(house, subject, github, file.repository, result.policy, pushes)
        known = frozenset() if swept else seen.have_seen(house, subject, file.head_sha)
        _wake_environments(house, subject, result.policy, known)
        if result.policy is None:
            return _invalid(house, subject, file.repository, file.head_sha, result, told=bool(deliveries))
        _wake_branches(house, subject, [payload for payload in pushes if _own_branch(payload)])
        _wake_sources(house, subject, result.policy)
        validation.wake_by_rules(house, subject, result.policy)
        seen.all_woken(house, config.id, seen.Woken(head=file.head_sha, asked=asked))
    return Looked(outcome="woke all")


def _is_due(house: House, config: Repository) -> bool:
    """Whether the look that was planned for what was pushed has its time now."""
    planned = settles_at(house, config)
    return planned is not None and planned <= house.clock()


def _wake_open(house: House, subject: Subject) -> None:
    """What is open and under way, also where the rules are gone: what was green must not stay so (attack case 74)."""
    for promotion in house.store.promotions.open_of(subject.repository):
        wake(house.store, pull(subject.installation_id, subject.repository, promotion.pull_number))
    deploying.wake_underway(house, subject)


def _wake_environments(
    house: House, subject: Subject, policy: Policy | None, known: frozenset[str] = frozenset()
) -> None:
    """Those of the rules and those that something is open to, but for the ones that have seen it all."""
    names = [each.environment for each in house.store.promotions.open_of(subject.repository)]
    names += [each.name for each in policy.environments] if policy else []
    for name in dict.fromkeys(names):
        if name not in known:
            wake(house.store, environment(subject.installation_id, subject.repository, name))


def _wake_sources(house: House, subject: Subject, policy: Policy) -> None:
    for listed in policy.sources:
        app = app_of(house, subject.installation_id, subject.repository, listed)
        if app is not None:
            wake(house.store, source(subject.installation_id, app.id))


def _invalid(
    house: House,
    subject: Subject,
    config: Repository,
    head_sha: str,
    result: PolicyResult,
    *,
    told: bool,
) -> Looked:
    """An invalid rules file on the default branch stops everything, so it is shown on the commit that brought it."""
    first = rules.error_of(result)
    if told:
        check = CheckRun(
            name=detail_check(config.default_branch, "config"),
            head_sha=head_sha,
            status="completed",
            conclusion="failure",
            title=fit(f"Nothing is promoted: {code(first)}", TITLE_LIMIT, "…"),
            summary=fit("\n".join(f"- {code(str(error))}" for error in result.errors), SUMMARY_LIMIT, MARK),
        )
        telling = CommentOnCommit(because=first, repository=config.full_name, check=check)
        carry_out(house, Cause(subject=subject), config, [telling])
    return Looked(outcome=f"refused: {first}")
