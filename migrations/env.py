"""Runs migrations on the connection that `risk.storage.schema` opened and locked."""

from alembic import context

from risk.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back a half-made table, once its driver does not commit by itself.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
