"""What a document asks for, as GitHub counts it before it runs anything: possible nodes and points.

https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

MOST_NODES = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`nodes` that could come back at most, and the `requests` that filling every connection would take."""

    nodes: int
    requests: int

    @property
    def points(self) -> int:
        """Points of the hour's 5,000: a hundredth of the requests, at least one."""
        return max(1, round(self.requests / 100))

    @property
    def refusal(self) -> str | None:
        """GitHub's sentence for a document that asks for too much, or None."""
        if self.nodes <= MOST_NODES:
            return None
        asked = f"This query requests up to {self.nodes:,} possible nodes"
        return f"{asked} which exceeds the maximum limit of {MOST_NODES:,}."


def cost_of(document: DocumentNode, variables: Mapping[str, Any], operation_name: str | None = None) -> Cost:
    """Count a valid document; every connection is taken to be as full as `first` or `last` allows."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    named = [o for o in operations if operation_name in (None, o.name.value if o.name else None)]
    return _count(named[0].selection_set if named else None, 1, fragments, variables)


def _count(
    selection: SelectionSetNode | None,
    times: int,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> Cost:
    nodes = requests = 0
    for node in selection.selections if selection else ():
        below, inner = times, None
        if isinstance(node, FragmentSpreadNode):
            inner = fragments[node.name.value].selection_set
        elif isinstance(node, InlineFragmentNode):
            inner = node.selection_set
        elif isinstance(node, FieldNode):
            inner, size = node.selection_set, _size(node, variables)
            if size is not None:
                below = times * size
                nodes, requests = nodes + below, requests + times
        found = _count(inner, below, fragments, variables)
        nodes, requests = nodes + found.nodes, requests + found.requests
    return Cost(nodes=nodes, requests=requests)


def _size(field: FieldNode, variables: Mapping[str, Any]) -> int | None:
    """`first` or `last` of a connection; None for any other field."""
    for argument in field.arguments or ():
        if argument.name.value in ("first", "last"):
            if isinstance(argument.value, IntValueNode):
                return int(argument.value.value)
            if isinstance(argument.value, VariableNode):
                given = variables.get(argument.value.name.value)
                return given if isinstance(given, int) else None
    return None
