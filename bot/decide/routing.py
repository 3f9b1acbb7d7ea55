"""Routing: which subject does a webhook event touch? Pure; the payload is a hint, nothing in it is believed.

What an event says is read again from GitHub by the worker. Here only ids are taken out, and what lacks them
(deleted accounts, deleted forks, attack case 7) is dropped or routed by the ids that are left; nothing
raises.
Payloads: https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.decide.checks import synced_pull
from bot.decide.dispatch import EVENT_TYPE
from bot.decide.names import INCIDENT_LABEL, queued_pull
from bot.model.subject import Subject, installation, pull, repository, source, validation

OWN_BRANCHES = "refs/heads/lockstep/"
"""Where Lockstep's own branches live."""

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?:\[bot\])?", re.ASCII)
_ACTION = re.compile(r"[a-z_]{1,64}", re.ASCII)
_LARGEST_ID = 2**63
_LARGEST_NUMBER = 2**31


class Drop(Enum):
    """Why an event touches nothing. The values are metric labels, so there are few of them."""

    PING = "ping"
    OWN = "own"
    NOT_HANDLED = "not handled"
    NO_INSTALLATION = "no installation"
    NO_ACCOUNT = "no account"
    NO_REPOSITORY = "no repository"
    NO_PULL_REQUEST = "no pull request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where an event leads, with the ids that it is stored under."""

    subject: Subject
    action: str | None
    account: str
    installation_id: int
    repository_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who an event is about, for the allowlist and for the ledger; None where the payload does not say."""

    account: str | None
    installation_id: int | None
    repository_id: int | None
    actor_id: int | None
    actor_login: str | None
    pull_number: int | None
    head_sha: str | None


def origin(payload: Mapping[str, Any]) -> Origin:
    """Takes the ids out of any event's payload."""
    request = payload.get("pull_request")
    subject = request if isinstance(request, dict) else payload.get("issue")
    about_pull = isinstance(request, dict) or isinstance(_dig(payload, "issue", "pull_request"), dict)
    sha = _dig(payload, "pull_request", "head", "sha")
    return Origin(
        account=_account(payload),
        installation_id=_id(_dig(payload, "installation", "id")),
        repository_id=_id(_dig(payload, "repository", "id")),
        actor_id=_id(_dig(payload, "sender", "id")),
        actor_login=_login(_dig(payload, "sender", "login")),
        pull_number=_id(_dig(subject, "number"), _LARGEST_NUMBER) if about_pull else None,
        head_sha=sha if isinstance(sha, str) and re.fullmatch(r"[0-9a-f]{40,64}", sha) else None,
    )


def route(event: str, payload: Mapping[str, Any], *, app_id: int, who: Origin | None = None) -> Route | Drop:
    """Where this event leads. `app_id` is our own App's, whose check runs are no news to us.

    `who` is the payload's origin, for a caller that has asked for it already.
    """
    if event == "ping":
        return Drop.PING
    action = payload.get("action")
    action = action if isinstance(action, str) and _ACTION.fullmatch(action) else None
    who = who or origin(payload)
    if who.installation_id is None:
        return Drop.NO_INSTALLATION
    if who.account is None:
        return Drop.NO_ACCOUNT
    found = _subject(event, action, payload, who.installation_id, who.repository_id, app_id)
    if isinstance(found, Drop):
        return found
    return Route(
        subject=found,
        action=action,
        account=who.account,
        installation_id=who.installation_id,
        repository_id=who.repository_id,
    )


def _subject(
    event: str,
    action: str | None,
    payload: Mapping[str, Any],
    installation_id: int,
    repository_id: int | None,
    app_id: int,
) -> Subject | Drop:
    actions = _ACTIONS.get(event)
    if actions is None or (actions and action not in actions):
        return Drop.NOT_HANDLED
    if event in _OF_INSTALLATION:
        return installation(installation_id)
    if repository_id is None:
        return Drop.NO_REPOSITORY
    if event in ("workflow_run", "deployment_protection_rule"):
        return source(installation_id, repository_id)
    if event == "issue_comment" and _on_incident(payload):
        return validation(installation_id, repository_id)
    if event in _NUMBER:
        number = _id(_NUMBER[event](payload), _LARGEST_NUMBER)
        return Drop.NO_PULL_REQUEST if number is None else pull(installation_id, repository_id, number)
    if event in ("check_run", "check_suite"):
        return _checked(event, action, payload, installation_id, repository_id, app_id)
    if event == "push" and not _is_our_push(payload):
        return Drop.NOT_HANDLED
    if event == "repository_dispatch" and payload.get("action") != EVENT_TYPE:
        return Drop.NOT_HANDLED
    return repository(installation_id, repository_id)


# Event to the actions that are looked at; empty: all of them.
_ACTIONS: Mapping[str, frozenset[str]] = {
    "workflow_run": frozenset({"completed"}),
    "deployment_protection_rule": frozenset({"requested"}),
    "pull_request": frozenset(),
    "pull_request_review": frozenset({"submitted", "edited", "dismissed"}),
    # Edits and deletions grant nothing; they are looked at because they may take an approval away (case 64).
    "issue_comment": frozenset({"created", "edited", "deleted"}),
    "check_run": frozenset({"completed", "rerequested", "requested_action"}),
    "check_suite": frozenset({"completed", "rerequested"}),
    "status": frozenset(),
    "push": frozenset(),
    "merge_group": frozenset(),
    # Its action is the `event_type` that the sender chose.
    "repository_dispatch": frozenset(),
    "installation": frozenset(),
    "installation_repositories": frozenset(),
    "repository": frozenset({"renamed", "transferred", "edited"}),
}
_OF_INSTALLATION = frozenset({"installation", "installation_repositories", "repository"})

EVENTS = frozenset(_ACTIONS) | {"ping"}
"""The events that are handled, which are also the ones that may become metric labels."""


def _number_of_issue(payload: Mapping[str, Any]) -> object:
    """An issue comment is about a pull request exactly when its issue has `pull_request`."""
    on_pull = isinstance(_dig(payload, "issue", "pull_request"), dict)
    return _dig(payload, "issue", "number") if on_pull else None


def _on_incident(payload: Mapping[str, Any]) -> bool:
    """Whether a comment was written on an issue that bears the label of incidents. Whose it is, is asked later."""
    labels = _dig(payload, "issue", "labels")
    named = [_dig(each, "name") for each in (labels if isinstance(labels, list) else ())]
    return _dig(payload, "issue", "pull_request") is None and INCIDENT_LABEL in named


_NUMBER: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "pull_request": lambda payload: _dig(payload, "pull_request", "number"),
    "pull_request_review": lambda payload: _dig(payload, "pull_request", "number"),
    "issue_comment": _number_of_issue,
    # Each group is made for one pull request, and its branch says which. GitHub is asked whether there is such a group.
    "merge_group": lambda payload: queued_pull(_dig(payload, "merge_group", "head_ref")),
}


def _checked(
    event: str,
    action: str | None,
    payload: Mapping[str, Any],
    installation_id: int,
    repository_id: int,
    app_id: int,
) -> Subject | Drop:
    """A check leads to its only pull request into this repository, otherwise to the repository as a whole."""
    check = _dig(payload, event)
    if action == "completed" and _id(_dig(check, "app", "id")) == app_id:
        return Drop.OWN
    branch = _dig(check, "check_suite", "head_branch") or _dig(check, "head_branch")
    queued = _id(queued_pull(branch), _LARGEST_NUMBER)
    if queued is not None:
        # Other people's checks on a merge group are GitHub's business; only a re-run or a button is ours.
        own = _id(_dig(check, "app", "id")) == app_id
        return pull(installation_id, repository_id, queued) if own else Drop.NOT_HANDLED
    button = _dig(payload, "requested_action", "identifier")
    if action == "requested_action" and _id(_dig(check, "app", "id")) == app_id and isinstance(button, str):
        synced = synced_pull(button)
        if synced is not None:
            return pull(installation_id, repository_id, synced)
    listed = _dig(check, "pull_requests")
    numbers = {
        number
        for listing in (listed if isinstance(listed, list) else ())
        if _id(_dig(listing, "base", "repo", "id")) == repository_id
        and (number := _id(_dig(listing, "number"), _LARGEST_NUMBER)) is not None
    }
    if len(numbers) == 1:
        return pull(installation_id, repository_id, numbers.pop())
    return repository(installation_id, repository_id)


def _is_our_push(payload: Mapping[str, Any]) -> bool:
    """Pushes to the default branch (rules, values) and to our own branches (a person may have pushed)."""
    ref = payload.get("ref")
    default = _dig(payload, "repository", "default_branch")
    if not isinstance(ref, str):
        return False
    return ref.startswith(OWN_BRANCHES) or (isinstance(default, str) and ref == f"refs/heads/{default}")


def _account(payload: Mapping[str, Any]) -> str | None:
    """The account that the event belongs to. An enterprise installation has a `slug` instead of a login."""
    places = (
        ("repository", "owner", "login"),
        ("installation", "account", "login"),
        ("installation", "account", "slug"),
        ("organization", "login"),
    )
    return next((login for place in places if (login := _login(_dig(payload, *place)))), None)


def _dig(value: Any, *keys: str) -> Any:
    """Follows keys through objects; None as soon as there is none."""
    for key in keys:
        # A payload comes from JSON. Asking for a Mapping instead of a dict takes ten times as long.
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _id(value: object, below: int = _LARGEST_ID) -> int | None:
    """A positive number that fits the store's column, or None. JSON's true is no number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < below else None


def _login(value: object) -> str | None:
    return value if isinstance(value, str) and _LOGIN.fullmatch(value) else None
