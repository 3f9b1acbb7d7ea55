"""The part of Argo CD's HTTP API that Lockstep uses, field by field, to hold the stand-in and the requests to it.

Written down from the swagger description of Argo CD 3.6 (`assets/swagger.json`, definitions `v1alpha1Application`,
`applicationApplicationSyncRequest`, `runtimeError` and what they refer to), names and types only. A name that is not
listed here is an error: the stand-in answers no more than Argo CD does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

TEXT, INT, BOOL, TIME, INT64 = "text", "int", "bool", "time", "int64"
REVISIONS = {"revision": TEXT, "revisions": [TEXT]}
SOURCE = {"repoURL": TEXT, "path": TEXT, "targetRevision": TEXT, "chart": TEXT, "name": TEXT, "ref": TEXT}
OPERATION = {
    "initiatedBy": {"automated": BOOL, "username": TEXT},
    "sync": {**REVISIONS, "prune": BOOL, "dryRun": BOOL, "syncOptions": [TEXT]},
}
APPLICATION = {
    "metadata": {"name": TEXT, "namespace": TEXT},
    "operation": OPERATION,
    "spec": {
        "project": TEXT,
        "destination": {"server": TEXT, "name": TEXT, "namespace": TEXT},
        "source": SOURCE,
        "sources": [SOURCE],
        "syncPolicy": {"automated": {"prune": BOOL, "selfHeal": BOOL, "allowEmpty": BOOL, "enabled": BOOL}},
    },
    "status": {
        "sync": {"status": TEXT, **REVISIONS},
        "health": {"status": TEXT, "message": TEXT, "lastTransitionTime": TIME},
        "summary": {"images": [TEXT], "externalURLs": [TEXT], "isAppOfApps": BOOL},
        "reconciledAt": TIME,
        "operationState": {
            "operation": OPERATION,
            "phase": TEXT,
            "message": TEXT,
            "startedAt": TIME,
            "finishedAt": TIME,
            "retryCount": INT,
            "syncResult": {**REVISIONS, "source": SOURCE, "sources": [SOURCE], "resources": [{}]},
        },
        "history": [{"id": INT, "deployedAt": TIME, "deployStartedAt": TIME, **REVISIONS, "source": SOURCE}],
        "conditions": [{"type": TEXT, "message": TEXT, "lastTransitionTime": TIME}],
    },
}
GET_PARAMETERS = {"refresh", "projects", "resourceVersion", "selector", "repo", "appNamespace", "project"}
SYNC_REQUEST = {
    "name": TEXT,
    "appNamespace": TEXT,
    "project": TEXT,
    **REVISIONS,
    "sourcePositions": [INT64],
    "dryRun": BOOL,
    "prune": BOOL,
}
ERROR = {"error": TEXT, "code": INT, "message": TEXT, "details": [{}]}


def problems(value: Any, shape: Any, at: str = "") -> list[str]:
    """Where a value leaves its shape, as JSON Pointers with a word each."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at}: no object"]
        found = [f"{at}/{key}: Argo CD has no such field" for key in value if key not in shape]
        return found + [
            each for key in value if key in shape for each in problems(value[key], shape[key], f"{at}/{key}")
        ]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at}: no list"]
        return [p for n, each in enumerate(value) for p in problems(each, shape[0], f"{at}/{n}")]
    return [] if _is(value, shape) else [f"{at}: no {shape}"]


def _is(value: Any, kind: str) -> bool:
    if kind == TIME:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    if kind == INT64:
        return isinstance(value, str) and value.isdigit()
    if kind == INT:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool if kind == BOOL else str)
