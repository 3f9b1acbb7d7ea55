"""Connections as GitHub pages them: `first` or `last` is a must, 100 at most, opaque cursors.

https://docs.github.com/graphql/guides/using-pagination-in-the-graphql-api
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Unsupported

LARGEST = 100
_PREFIX = "cursor:v2:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A whole list with what a connection knows beside its items: extra fields, and extra fields of an edge."""

    items: Sequence[Any]
    extra: dict[str, Any] = field(default_factory=dict)
    edge: Callable[[Any], dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One page: items from `start` on, of `total`."""

    listing: Listing
    start: int
    items: Sequence[Any]

    @property
    def total(self) -> int:
        """How many there are in all."""
        return len(self.listing.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """An item with its cursor and the fields that only the edge has."""

    node: Any
    cursor: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def paginate(name: str, found: Sequence[Any] | Listing, args: dict[str, Any]) -> Connection:
    """Cut the page; `Refused` with GitHub's sentence for a missing, negative or too large size or a bad cursor."""
    listing = found if isinstance(found, Listing) else Listing(items=found)
    first, last = args.get("first"), args.get("last")
    _check_size(name, first, last)
    low = _position(args["after"]) if args.get("after") else 0
    high = _position(args["before"]) - 1 if args.get("before") else len(listing.items)
    low, high = min(low, len(listing.items)), min(high, len(listing.items))
    if first is not None:
        high = min(high, low + first)
    else:
        low = max(low, high - (last or 0))
    return Connection(listing=listing, start=low, items=listing.items[low:high])


def _check_size(name: str, first: int | None, last: int | None) -> None:
    if first is None and last is None:
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise Refused(200, text, kind="MISSING_PAGINATION_BOUNDARIES")
    if first is not None and last is not None:
        text = f"Passing both `first` and `last` to paginate the `{name}` connection is not supported."
        raise Refused(200, text, kind="UNPROCESSABLE")
    for word, size in (("first", first), ("last", last)):
        if size is not None and size > LARGEST:
            text = f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of 100 records."
            raise Refused(200, text, kind="EXCESSIVE_PAGINATION")
        if size is not None and size < 0:
            text = f"`{word}` on the `{name}` connection cannot be less than zero."
            raise Refused(200, text, kind="UNPROCESSABLE")


def _cursor(position: int) -> str:
    return base64.b64encode(f"{_PREFIX}{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix(_PREFIX))
    except (binascii.Error, ValueError) as bad:
        text = f"`{cursor}` does not appear to be a valid cursor."
        raise Refused(200, text, kind="INVALID_CURSOR_ARGUMENTS") from bad


def connection_field(page: Connection, name: str, type_name: str) -> Any:
    """`totalCount`, `nodes`, `edges`, `pageInfo`, or a field that only this connection has."""
    if name == "totalCount":
        return page.total
    if name == "nodes":
        return page.items
    if name == "edges":
        return [_edge(page, index) for index in range(len(page.items))]
    if name == "pageInfo":
        return _page_info(page)
    if name in page.listing.extra:
        value = page.listing.extra[name]
        return value() if callable(value) else value
    raise Unsupported(f"the local GitHub does not support {type_name}.{name}")


def edge_field(edge: Edge, name: str) -> Any:
    """`node`, `cursor`, or what this edge has beside them."""
    if name in ("node", "cursor"):
        return edge.node if name == "node" else edge.cursor
    if name in edge.extra:
        return edge.extra[name]
    raise Unsupported(f"the local GitHub does not support the field {name} of an edge")


def _edge(page: Connection, index: int) -> Edge:
    item = page.items[index]
    extra = page.listing.edge(item) if page.listing.edge else {}
    return Edge(node=item, cursor=_cursor(page.start + index + 1), extra=extra)


def _page_info(page: Connection) -> dict[str, Any]:
    end = page.start + len(page.items)
    return {
        "hasNextPage": end < page.total,
        "hasPreviousPage": page.start > 0,
        "startCursor": _cursor(page.start + 1) if page.items else None,
        "endCursor": _cursor(end) if page.items else None,
    }


_ORDERS = {
    "CREATED_AT": lambda item: getattr(item, "created_at", None) or item.id,
    "UPDATED_AT": lambda item: item.updated_at,
    "COMMENTS": lambda item: len(item.comments),
    "NAME": lambda item: item.name.lower(),
}


def in_order(items: Sequence[Any], order: dict[str, str] | None) -> list[Any]:
    """Sorted as an `orderBy` argument says (`{field, direction}`), stable; unsorted without one."""
    if not order:
        return list(items)
    key = _ORDERS.get(order["field"])
    if key is None:
        raise Unsupported(f"the local GitHub does not support ordering by {order['field']}")
    return sorted(items, key=key, reverse=order["direction"] == "DESC")
