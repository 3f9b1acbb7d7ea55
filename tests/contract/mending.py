"""Mends the few places where GitHub's published description contradicts itself; GitHub's answers do not.

The description holds many copies of the same object, and a field that GitHub adds reaches the copies at
different times. A copy that lags behind is completed from its family; nothing is invented here.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
# A family is known by properties that only it has; what its copies list, or require, differs.
_FAMILIES: tuple[tuple[frozenset[str], dict[str, Schema], frozenset[str]], ...] = (
    (
        frozenset({"slug", "members_url", "repositories_url"}),
        {
            "type": {"type": "string"},
            "organization_id": {"type": "integer"},
            "notification_setting": {"type": "string"},
            "privacy": {"type": "string"},
            "parent": {},
        },
        frozenset({"type", "parent"}),
    ),
    (
        frozenset({"external_url", "owner", "permissions", "events"}),
        {"client_id": {"type": "string"}},
        frozenset(),
    ),
    (
        frozenset({"color", "default", "description", "node_id"}),
        {"description": {"type": "string", "nullable": True}},
        frozenset(),
    ),
)


# Apps and installations list what they were granted; the copies know different years' permissions and events.
_GRANTED = frozenset({"permissions", "events"})


def _open_grants(properties: dict[str, Schema]) -> None:
    granted, events = properties["permissions"], properties["events"]
    if "properties" in granted:
        granted["additionalProperties"] = {"type": "string"}
    if "items" in events:
        events["items"] = {"type": "string"}


def mend(name: str, document: Schema) -> None:
    """Change a loaded description (`openapi` or `webhooks`) in place."""
    _complete(document)
    if name == "openapi":
        # The list's account must be a user AND an enterprise; the single installation says either.
        listed = document["paths"]["/app/installations"]["get"]["responses"]["200"]["content"]
        listed["application/json"]["schema"]["items"] = {"$ref": "#/components/schemas/installation"}
    if name == "webhooks":
        # `requested` requires display_title and `completed` lists it, so the event between has it too.
        started = document["components"]["schemas"]["webhook-workflow-run-in-progress"]
        started["properties"]["workflow_run"]["properties"]["display_title"] = {"type": "string"}


def _complete(node: Any) -> None:
    """Teams, Apps and labels: every copy lists what the fullest one lists (labels: may have no description)."""
    if isinstance(node, list):
        for item in node:
            _complete(item)
    if not isinstance(node, dict):
        return
    properties = node.get("properties")
    if isinstance(properties, dict):
        for marks, more, lag in _FAMILIES:
            if marks <= set(properties):
                properties.update({k: v for k, v in more.items() if k not in properties or "nullable" in v})
                node["required"] = [n for n in node.get("required", []) if n not in lag]
        if set(properties) >= _GRANTED:
            _open_grants(properties)
    for value in node.values():
        _complete(value)
