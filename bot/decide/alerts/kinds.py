"""What a YAML document beside alert rules is: rules, a PrometheusRule, a list of them, or something known that has
none."""

from __future__ import annotations

from enum import Enum

from bot.decide.bump.nodes import Kind, Node

_TEST_KEYS = frozenset({"tests", "rule_files"})
_KUSTOMIZE = frozenset({"resources", "bases", "components", "patches", "configMapGenerator", "namespace"})


class What(Enum):
    """The kinds of documents; the value is how people call one."""

    RULES = "rules"
    MANIFEST = "PrometheusRule"
    LIST = "list of Kubernetes objects"
    EMPTY = "empty"
    KUBERNETES = "Kubernetes manifests"
    TESTS = "promtool unit tests"
    ALERTMANAGER = "Alertmanager configuration"
    UNKNOWN = "unknown"


def what_is(root: Node, file: str) -> What:
    """The kind of the document whose root is `root`."""
    root = root.real()
    if root.kind is Kind.SCALAR and is_null(root):
        return What.EMPTY
    if root.kind is not Kind.MAPPING:
        return What.UNKNOWN
    keys = {value.name for _, value in root.entries}
    if "kind" in keys and "apiVersion" in keys:
        return _object(root)
    if "groups" in keys:
        return What.RULES
    if keys & _TEST_KEYS:
        return What.TESTS
    if {"route", "receivers"} <= keys:
        return What.ALERTMANAGER
    if file.rpartition("/")[2].startswith("kustomization.") and keys & _KUSTOMIZE:
        return What.KUBERNETES
    return What.UNKNOWN


def items_of(root: Node) -> tuple[Node, Node] | None:
    """The entry of a list's objects: `items`, or `objects` in an OpenShift Template."""
    return root.get("items") or root.get("objects")


def _object(root: Node) -> What:
    entry = root.get("kind")
    kind = "" if entry is None else entry[1].real().text
    if kind == "PrometheusRule":
        return What.MANIFEST
    items = items_of(root)
    if (
        items is not None
        and items[1].real().kind is Kind.SEQUENCE
        and (kind.endswith("List") or kind == "Template")
    ):
        return What.LIST
    return What.KUBERNETES


def is_null(node: Node) -> bool:
    """Whether YAML reads the scalar as null."""
    return node.style is None and node.tag is None and node.text.lower() in ("", "~", "null")
