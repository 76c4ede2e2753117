"""Find the journal's events of one kind by their time, as charts ask for them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    index_by(["stream", "kind", "at_ms"])


def downgrade() -> None:
    index_by(["stream", "kind", "seq"])


def index_by(columns: list[str]) -> None:
    for index in ("journal_by_kind", "journal_by_time"):
        op.drop_index(index, table_name="journal")
    # In this order: where both would do, SQLite takes the one that was made first.
    op.create_index("journal_by_kind", "journal", columns)
    op.create_index("journal_by_time", "journal", ["stream", "at_ms"])
