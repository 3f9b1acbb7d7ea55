"""Alembic reads this file to learn where to apply the steps: on the connection that `migrate` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="lockstep_schema")
with context.begin_transaction():
    context.run_migrations()
