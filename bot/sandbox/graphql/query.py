"""The root of every query, and `rateLimit`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.sandbox.access import visible
from bot.sandbox.errors import Refused
from bot.sandbox.graphql.context import Context
from bot.sandbox.graphql.fields import Fields
from bot.sandbox.state import Account, Repository

QUERY = Fields("Query")
POINTS = 5000


@QUERY.field("repository")
def repository(_root: Any, context: Context, args: dict[str, Any]) -> Repository:
    """A repository by owner and name; NOT_FOUND also for one that the actor may not see."""
    name = f"{args['owner']}/{args['name']}"
    found = context.world.find_repository(name)
    if found is None and args.get("followRenames", True):
        found = context.world.renamed(name)
    if found is None or not visible(context.world, context.actor, found):
        raise Refused(404, f"Could not resolve to a Repository with the name '{name}'.", kind="NOT_FOUND")
    return found


@QUERY.field("node")
def node(_root: Any, context: Context, args: dict[str, Any]) -> Any:
    """Anything with a node id."""
    return context.node(args["id"])


@QUERY.field("nodes")
def nodes(_root: Any, context: Context, args: dict[str, Any]) -> list[Any]:
    """Several at once; one that is not there is null with an error of its own, the others answer."""
    if len(args["ids"]) > 100:
        raise Refused(200, "You may not provide more than 100 node ids.", kind="ARGUMENT_LIMIT")
    return [_or_refusal(context, node_id) for node_id in args["ids"]]


def _or_refusal(context: Context, node_id: str) -> Any:
    try:
        return context.node(node_id)
    except Refused as refusal:
        return refusal


@QUERY.field("viewer")
def viewer(_root: Any, context: Context, _args: dict[str, Any]) -> Account | None:
    """Who asks; an App's bot shows as a user."""
    return context.actor.account


def _login(kind: str, noun: str) -> Any:
    def resolve(_root: Any, context: Context, args: dict[str, Any]) -> Account:
        found = context.world.accounts.get(args["login"].lower())
        if found is None or (found.kind == "Organization") != (kind == "Organization"):
            text = f"Could not resolve to {noun} with the login of '{args['login']}'."
            raise Refused(404, text, kind="NOT_FOUND")
        return found

    return resolve


QUERY.add("user", _login("User", "a User"))
QUERY.add("organization", _login("Organization", "an Organization"))


@QUERY.field("rateLimit")
def rate_limit(_root: Any, context: Context, _args: dict[str, Any]) -> dict[str, Any]:
    """What this document costs, of a fresh hour; what is left of the real one stands in the answer's headers."""
    now = context.world.clock.now()
    return {
        "cost": context.cost.points,
        "limit": POINTS,
        "nodeCount": context.cost.nodes,
        "remaining": POINTS - context.cost.points,
        "used": context.cost.points,
        "resetAt": now.replace(minute=0, second=0) + timedelta(hours=1),
    }
