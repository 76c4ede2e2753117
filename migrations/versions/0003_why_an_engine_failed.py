"""A table of why an engine could not go on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "engine_failure"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("wall_ms", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        comment="Why an engine last could not go on; over once a later cycle is complete.",
    )


def downgrade() -> None:
    op.drop_table(TABLE)
