"""A view of how full each limit was, for whoever reports from the database."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

VIEW = "limit_utilization"
#: The limit's name in a series' labels, which are canonical JSON.
NAME = {
    "sqlite": "json_extract(series.labels, '$.limit')",
    "postgresql": "CAST(series.labels AS json) ->> 'limit'",
}


def upgrade() -> None:
    name = NAME[op.get_bind().dialect.name]
    op.execute(
        f"CREATE VIEW {VIEW} AS "
        f"SELECT series.portfolio AS portfolio, {name} AS limit_name, "
        "sample.ts_ms AS ts_ms, sample.value AS utilization "
        "FROM metric_series AS series JOIN metric_sample AS sample ON sample.series_id = series.id "
        "WHERE series.metric = 'utilization'"
    )


def downgrade() -> None:
    op.execute(f"DROP VIEW {VIEW}")
