"""Mutations: each reads its input, calls one action, and answers with the payload that GitHub names.

They run one after the other; one that fails is null with an error of its own and the rest still run.
https://docs.github.com/graphql/guides/forming-calls-with-graphql#about-mutations
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.graphql.context import Context, Unsupported
from bot.sandbox.graphql.fields import Fields

Input = dict[str, Any]
Mutation = Callable[[Context, Input], dict[str, Any]]
_MUTATION = Fields("Mutation")


def mutation(name: str) -> Callable[[Mutation], Mutation]:
    """Register a mutation `(context, input) → payload`; `clientMutationId` is handed back for it."""

    def register(perform: Mutation) -> Mutation:
        def resolve(_root: Any, context: Context, args: dict[str, Any]) -> dict[str, Any]:
            asked = args["input"]
            return {"clientMutationId": asked.get("clientMutationId"), **perform(context, asked)}

        _MUTATION.add(name, resolve)
        return perform

    return register


def refuse_inputs(asked: Input, mutation_name: str, *names: str) -> None:
    """Fail loudly for input fields that the local GitHub would otherwise ignore."""
    given = [name for name in names if asked.get(name)]
    if given:
        raise Unsupported(f"the local GitHub does not support {mutation_name}({', '.join(given)})")
