"""Find the journal's events of one kind by their time, as charts ask for them."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEX = "journal_by_kind"


def upgrade() -> None:
    index_by(["stream", "kind", "at_ms"])


def downgrade() -> None:
    index_by(["stream", "kind", "seq"])


def index_by(columns: list[str]) -> None:
    op.drop_index(INDEX, table_name="journal")
    op.create_index(INDEX, "journal", columns)
