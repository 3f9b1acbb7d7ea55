"""The GraphQL door of the local GitHub: GitHub's own schema, resolved over the same world and actions as REST.

`engine` parses, validates and executes; `fields` is the registry in which every supported field stands; the other
modules fill it, a family of types each. What is not in the registry fails loudly with the type's and field's name.
"""

from bot.sandbox.graphql.engine import execute, schema

__all__ = ["execute", "schema"]
