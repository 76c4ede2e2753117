"""A table of what people ask of a book."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "action"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_with_rowid=False,
        comment="What people asked of a book, in order (JSON); kept for ever, never changed.",
    )


def downgrade() -> None:
    op.drop_table(TABLE)
