"""Every GraphQL document that the bot sends: valid against GitHub's whole schema, and known to the local GitHub.

Documents are files `*.graphql` under bot/adapters/github/ and module-level texts there that start with `query`,
`mutation` or `fragment`, or whose name ends in `_QUERY` or `_MUTATION`. (Documents that are put together when
they are sent are judged by the recorder in the stories.)
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from graphql import FieldNode, TypeInfo, TypeInfoVisitor, Visitor, is_object_type, parse, visit

import bot.adapters.github as adapter
from bot.sandbox.graphql import catalogue
from bot.sandbox.graphql.fields import supported
from tests.contract import graphql

_STARTS = ("query", "mutation")


def documents() -> dict[str, str]:
    """Name (`queries.RULES_QUERY`, `pull.graphql`) → text."""
    root = Path(adapter.__path__[0])
    found = {str(p.relative_to(root)): p.read_text(encoding="utf-8") for p in sorted(root.rglob("*.graphql"))}
    for module in pkgutil.walk_packages(adapter.__path__, f"{adapter.__name__}."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, str) and name.isupper() and _is_document(name, value):
                found[f"{module.name.removeprefix(adapter.__name__ + '.')}.{name}"] = value
    return found


def _is_document(name: str, value: str) -> bool:
    return name.endswith(("_QUERY", "_MUTATION")) or value.lstrip().startswith(_STARTS)


DOCUMENTS = documents()


def test_the_bots_documents_are_found() -> None:
    assert {"queries.PULL_QUERY", "mutations.EVERY_MUTATION"} <= set(DOCUMENTS)


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_valid_against_githubs_whole_schema(name: str) -> None:
    assert graphql.document_problems(DOCUMENTS[name]) == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_asks_the_local_github_only_for_what_it_knows(name: str) -> None:
    catalogue.load()
    assert sorted(asked_fields(DOCUMENTS[name]) - known_fields()) == []


def known_fields() -> set[str]:
    """`Type.field` for all that the registry holds."""
    return {f"{owner}.{field}" for owner, field in supported()}


def asked_fields(document: str) -> set[str]:
    """`Type.field` for every field of an object type that the registry must answer."""
    found = set[str]()
    types = TypeInfo(graphql.github_schema())

    class Collect(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            owner, name = types.get_parent_type(), node.name.value
            if is_object_type(owner) and not name.startswith("__") and not _answers_itself(owner.name):
                found.add(f"{owner.name}.{name}")

    visit(parse(document), TypeInfoVisitor(types, Collect()))
    return found


def _answers_itself(owner: str) -> bool:
    """Connections, edges, pages and payloads carry their own fields."""
    return owner.endswith(("Connection", "Edge", "Payload", "PageInfo"))
