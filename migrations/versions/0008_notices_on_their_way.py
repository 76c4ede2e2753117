"""A table of the notices that are on their way to people."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLE = "outbox"
INDEX = "outbox_by_turn"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("notice", sa.String(128), primary_key=True),
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("episode", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_ms", sa.BigInteger),
        sa.Column("delivered_ms", sa.BigInteger),
        sa.Column("dead", sa.Text),
        comment="Notices, once for each channel. `next_ms` is when it is tried next, 0 for at once"
        " and NULL for never: it was delivered, or is dead for the reason that `dead` gives.",
    )
    op.create_index(INDEX, TABLE, ["portfolio", "channel", "next_ms"])


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
    op.drop_table(TABLE)
