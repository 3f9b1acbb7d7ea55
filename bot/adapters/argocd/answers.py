"""Argo CD's answers as values: an application, strictly read.

Source of names and types: the `v1alpha1Application` of the swagger description that Argo CD publishes
(https://argo-cd.readthedocs.io/en/stable/developer-guide/api-docs/, version 3). Fields that it lists may be absent,
because Argo CD leaves out what is empty; those that are there have the described type, or the answer is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.model.argocd import ApplicationSource, ApplicationState, Condition, Deployed, SyncOperation


def application(said: Any, name: str, at: datetime, page: str) -> ApplicationState:
    """The application. `page` is the address of Argo CD's pages, without a slash at the end.

    Raises ValueError, in words, when it has another shape or is about another application.
    """
    meta, spec, status = (_object(said, key) for key in ("metadata", "spec", "status"))
    if _text(meta, "name") != name:
        raise ValueError(f"it is about another application than {name}")
    sync, health = _object(status, "sync"), _object(status, "health")
    namespace = _text(meta, "namespace")
    return ApplicationState(
        name=name,
        namespace=namespace,
        project=_text(spec, "project") or "default",
        sync=_text(sync, "status") or "Unknown",
        revisions=_revisions(sync),
        health=_text(health, "status") or "Unknown",
        health_message=_text(health, "message"),
        health_since=_moment(health, "lastTransitionTime"),
        operation=_operation(status),
        operation_asked=bool(_object(said, "operation")),
        images=_texts(_object(status, "summary"), "images"),
        sources=_sources(spec),
        automated=_automated(spec),
        reconciled_at=_moment(status, "reconciledAt"),
        history=tuple(_deployed(row) for row in _list(status, "history")),
        conditions=tuple(
            Condition(type=_text(row, "type"), message=_text(row, "message"))
            for row in _list(status, "conditions")
        ),
        at=at,
        url=f"{page}/applications/{namespace}/{name}" if namespace else f"{page}/applications/{name}",
    )


def _operation(status: Any) -> SyncOperation | None:
    state = _object(status, "operationState")
    if not state:
        return None
    phase = _text(state, "phase")
    if not phase:
        raise ValueError("the operation has no phase")
    return SyncOperation(
        phase=phase,
        message=_text(state, "message"),
        revisions=_revisions(_object(state, "syncResult")),
        started_at=_moment(state, "startedAt"),
        finished_at=_moment(state, "finishedAt"),
    )


def _deployed(row: Any) -> Deployed:
    deployed_at = _moment(row, "deployedAt")
    if deployed_at is None:
        raise ValueError("an entry of the history has no time")
    number = row.get("id", 0)
    if not isinstance(number, int) or isinstance(number, bool):
        raise ValueError("id is no number")
    return Deployed(
        id=number,
        revisions=_revisions(row),
        deployed_at=deployed_at,
        started_at=_moment(row, "deployStartedAt"),
    )


def _sources(spec: Any) -> tuple[ApplicationSource, ...]:
    """One `source`, or several `sources`; where both stand Argo CD heeds the latter."""
    single = _object(spec, "source")
    return tuple(
        ApplicationSource(
            repository=_text(row, "repoURL"), target=_text(row, "targetRevision"), path=_text(row, "path")
        )
        for row in _list(spec, "sources") or ([single] if single else [])
    )


def _automated(spec: Any) -> bool:
    """`automated: {}` means yes; `enabled: false` inside it means no (since version 3.1)."""
    policy = _object(spec, "syncPolicy")
    if policy.get("automated") is None:
        return False
    return _object(policy, "automated").get("enabled") is not False


def _revisions(row: Any) -> tuple[str, ...]:
    single = _text(row, "revision")
    return _texts(row, "revisions") or ((single,) if single else ())


def _object(row: Any, key: str) -> dict[str, Any]:
    """The object at a key; {} when it is absent or null."""
    found = row.get(key) if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(found, dict | None):
        raise ValueError(f"{key} is no object")
    return found or {}


def _list(row: Any, key: str) -> list[Any]:
    found = row.get(key)
    if not isinstance(found, list | None) or not all(isinstance(each, dict) for each in found or ()):
        raise ValueError(f"{key} is no list of objects")
    return found or []


def _texts(row: Any, key: str) -> tuple[str, ...]:
    found = row.get(key)
    if not isinstance(found, list | None) or not all(isinstance(each, str) for each in found or ()):
        raise ValueError(f"{key} is no list of texts")
    return tuple(found or ())


def _text(row: Any, key: str) -> str:
    found = row.get(key)
    if not isinstance(found, str | None):
        raise ValueError(f"{key} is no text")
    return found or ""


def _moment(row: Any, key: str) -> datetime | None:
    """An RFC 3339 time, aware; None when it is absent."""
    text = _text(row, key)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{key} is no time") from None
    if found.tzinfo is None:
        raise ValueError(f"{key} is a time without an offset")
    return found
