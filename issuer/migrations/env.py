"""Alembic's entry: runs revisions over the connection that `issuer.register_migration` holds, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
