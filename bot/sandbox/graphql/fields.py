"""The registry of supported fields, and the resolver that looks everything up in it.

A field that GitHub has and this registry does not is `Unsupported`: a test must never read a null that only
means "nobody wrote that".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from bot.sandbox.graphql.context import Context, Unsupported
from bot.sandbox.graphql.page import Connection, Edge, connection_field, edge_field, paginate

Resolver = Callable[[Any, Context, dict[str, Any]], Any]
_REGISTRY: dict[tuple[str, str], Resolver] = {}
_TYPES: list[tuple[type, str | Callable[[Any], str]]] = []


class Fields:
    """Collects the resolvers of one GraphQL type (several names share them, e.g. issues and pull requests)."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def add(self, field: str, resolver: Resolver) -> None:
        """Register one resolver `(subject, context, arguments) → value`."""
        for name in self._names:
            _REGISTRY[(name, field)] = resolver

    def attributes(self, **fields: str) -> None:
        """Register fields that are plain attributes: `createdAt="created_at"`."""
        for field, attribute in fields.items():
            self.add(field, _getter(attribute))

    def values(self, **fields: Any) -> None:
        """Register fields that have the same value everywhere in the local GitHub."""
        for field, value in fields.items():
            self.add(field, _constant(value))

    def field(self, name: str) -> Callable[[Resolver], Resolver]:
        """Decorate a resolver."""

        def register(resolver: Resolver) -> Resolver:
            self.add(name, resolver)
            return resolver

        return register

    def connection(self, name: str) -> Callable[[Resolver], Resolver]:
        """Decorate a resolver that gives the whole list; the page is cut from it by first, last, after, before."""

        def register(resolver: Resolver) -> Resolver:
            def resolve(subject: Any, context: Context, args: dict[str, Any]) -> Connection | None:
                found = resolver(subject, context, args)
                return None if found is None else paginate(name, found, args)

            self.add(name, resolve)
            return resolver

        return register


def _getter(attribute: str) -> Resolver:
    return lambda subject, _context, _args: getattr(subject, attribute)


def _constant(value: Any) -> Resolver:
    return lambda _subject, _context, _args: value


def type_names(cls: type, name: str | Callable[[Any], str]) -> None:
    """Say which GraphQL type a Python class is, for interfaces and unions; first match wins."""
    _TYPES.append((cls, name))


def supported() -> set[tuple[str, str]]:
    """Every supported (type, field), connections and edges apart."""
    return set(_REGISTRY)


def resolve_type(value: Any, _info: GraphQLResolveInfo[Context], _abstract: Any) -> str:
    """The concrete type's name of a value behind an interface or a union."""
    for cls, name in _TYPES:
        if isinstance(value, cls):
            return name(value) if callable(name) else name
    raise Unsupported(f"the local GitHub has no GraphQL type for {type(value).__name__}")


def resolve_field(subject: Any, info: GraphQLResolveInfo[Context], **args: Any) -> Any:
    """Look the field up; dictionaries (payloads of mutations) answer for themselves."""
    name = info.field_name
    if isinstance(subject, Connection):
        return connection_field(subject, name, info.parent_type.name)
    if isinstance(subject, Edge):
        return edge_field(subject, name)
    if isinstance(subject, dict) and name in subject:
        return subject[name]
    resolver = _REGISTRY.get((info.parent_type.name, name))
    if resolver is None:
        raise Unsupported(f"the local GitHub does not support {info.parent_type.name}.{name}")
    return resolver(subject, info.context, args)
