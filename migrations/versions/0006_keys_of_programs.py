"""A table of the keys by which programs come in."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "api_key"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("portfolios", sa.Text, nullable=False),
        sa.Column("strategies", sa.Text),
        sa.Column("abilities", sa.Text, nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("revoked_ms", sa.BigInteger),
        comment="Keys of programs: of the secret only its SHA-256. Lists are JSON; `strategies` is"
        " NULL for all.",
    )


def downgrade() -> None:
    op.drop_table(TABLE)
