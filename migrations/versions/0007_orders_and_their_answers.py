"""Orders with their answers, and which of the gate's notes were written."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision",
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("client_order_id", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("snapshot", sa.BigInteger, nullable=False),
        sa.Column("strategy", sa.Text, nullable=False),
        sa.Column("asset", sa.Text, nullable=False),
        sa.Column("venue", sa.Text, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("requested", sa.Double, nullable=False),
        sa.Column("allowed", sa.Double, nullable=False),
        sa.Column("micros", sa.Double, nullable=False),
        sa.Column("status", sa.String(16)),
        sa.Column("filled", sa.Double, nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        comment="Orders as they were answered, and what became of each.",
    )
    op.create_index("decision_by_time", "decision", ["portfolio", "at_ms"])
    op.create_index("decision_by_snapshot", "decision", ["portfolio", "snapshot"])
    op.create_table(
        "gate_batch",
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        comment="The last batch of a gate's notes that was written, so that none is written twice.",
    )


def downgrade() -> None:
    op.drop_table("gate_batch")
    op.drop_index("decision_by_snapshot", table_name="decision")
    op.drop_index("decision_by_time", table_name="decision")
    op.drop_table("decision")
