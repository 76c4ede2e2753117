"""Episodes of circuit breakers, with what was known at the trip and found out since."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "breaker_history",
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("breaker", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("scope_kind", sa.String(16), nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("imposed", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tripped_ms", sa.BigInteger, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("numerator", sa.Double),
        sa.Column("denominator", sa.Double),
        sa.Column("worst", sa.Double, nullable=False),
        sa.Column("retrips", sa.BigInteger, nullable=False),
        sa.Column("asked_ms", sa.BigInteger),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("ended_why", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("card", sa.Text),
        sa.Column("history", sa.Text),
        sa.Column("counterfactual", sa.Text),
        sa.Column("judged_ms", sa.BigInteger),
        comment="Episodes of circuit breakers, kept for ever. `imposed` is false of one that a"
        " disabled breaker only records; what was known at the trip, found soon after it, and what"
        " it stopped would have earned until `judged_ms` are JSON.",
    )
    op.create_index("breaker_history_by_time", "breaker_history", ["portfolio", "tripped_ms"])


def downgrade() -> None:
    op.drop_index("breaker_history_by_time", table_name="breaker_history")
    op.drop_table("breaker_history")
