"""The first tables: portfolios, prices, cycles, ledger, metrics, journal, lease."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NAME = sa.String(64)
Identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

TABLES = (
    "lease",
    "journal",
    "metric_hour",
    "metric_minute",
    "metric_sample",
    "metric_series",
    "ledger_inbox",
    "ledger_entry",
    "model_state",
    "risk_state",
    "snapshot",
    "cycle",
    "bar",
    "fact",
    "portfolio",
)

KEPT = "the journal is append-only"


def upgrade() -> None:
    create_portfolios()
    create_bars()
    create_cycles()
    create_ledger()
    create_metrics()
    create_journal()
    create_lease()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    if on_postgres():
        op.execute("DROP FUNCTION journal_is_append_only()")


def on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def key(name: str, kind: sa.types.TypeEngine | type = NAME) -> sa.Column:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def needed(name: str, kind: sa.types.TypeEngine | type) -> sa.Column:
    return sa.Column(name, kind, nullable=False)


def create_portfolios() -> None:
    op.create_table(
        "portfolio",
        key("name"),
        needed("currency", sa.String(16)),
        needed("created_ms", sa.BigInteger),
        comment="Books that Seawall watches.",
    )
    op.create_table(
        "fact",
        key("portfolio"),
        key("name"),
        needed("value", sa.Text),
        comment="What must be the same after a restart, e.g. the simulated market's seed (JSON).",
    )


def create_bars() -> None:
    op.create_table(
        "bar",
        key("market", sa.String(32)),
        key("period", sa.String(2)),
        key("opened_ms", sa.BigInteger),
        key("asset"),
        needed("open", sa.Double),
        needed("high", sa.Double),
        needed("low", sa.Double),
        needed("close", sa.Double),
        needed("volume", sa.Double),
        needed("breaks", sa.Boolean),
        sqlite_with_rowid=False,
        comment="Prices; `market` keeps simulated ones and real ones of the same name apart.",
    )


def create_cycles() -> None:
    op.create_table(
        "cycle",
        key("portfolio"),
        key("number", sa.BigInteger),
        needed("at_ms", sa.BigInteger),
        needed("wall_ms", sa.BigInteger),
        needed("duration_ms", sa.Double),
        needed("trading_state", sa.String(16)),
        needed("token", sa.BigInteger),
        sqlite_with_rowid=False,
        comment="Complete cycles; written in the same transaction as all that they established.",
    )
    op.create_table(
        "snapshot",
        key("portfolio"),
        key("number", sa.BigInteger),
        needed("at_ms", sa.BigInteger),
        needed("snapshot", sa.LargeBinary),
        needed("assessment", sa.LargeBinary),
        comment="Recent snapshots without their models, and what was assessed.",
    )
    op.create_table(
        "risk_state",
        key("portfolio"),
        needed("number", sa.BigInteger),
        needed("at_ms", sa.BigInteger),
        needed("wall_ms", sa.BigInteger),
        needed("body", sa.LargeBinary),
        comment="The state after the last complete cycle.",
    )
    op.create_table(
        "model_state",
        key("portfolio"),
        key("period", sa.String(2)),
        key("number", sa.BigInteger),
        needed("version", sa.BigInteger),
        sa.Column("closed_ms", sa.BigInteger),
        needed("body", sa.LargeBinary),
        comment="A row a bar: the model from cycle `number` on.",
    )


def create_ledger() -> None:
    op.create_table(
        "ledger_entry",
        key("portfolio"),
        key("seq", sa.BigInteger),
        needed("kind", sa.String(16)),
        needed("external_id", sa.Text),
        needed("at_ms", sa.BigInteger),
        needed("body", sa.Text),
        sa.UniqueConstraint("portfolio", "kind", "external_id", name="ledger_entry_once"),
        comment="Fills and flows in the order they were booked (JSON).",
    )
    op.create_table(
        "ledger_inbox",
        sa.Column("id", Identity, primary_key=True),
        needed("portfolio", NAME),
        needed("kind", sa.String(16)),
        needed("external_id", sa.Text),
        needed("at_ms", sa.BigInteger),
        needed("body", sa.Text),
        sa.UniqueConstraint("portfolio", "kind", "external_id", name="ledger_inbox_once"),
        comment="Entries that people made and the authority has not booked yet.",
    )


def create_metrics() -> None:
    op.create_table(
        "metric_series",
        sa.Column("id", Identity, primary_key=True),
        needed("portfolio", NAME),
        needed("metric", NAME),
        needed("labels", sa.Text),
        needed("rolled_ms", sa.BigInteger),
        sa.UniqueConstraint("portfolio", "metric", "labels", name="metric_series_once"),
        comment="What a number is about; `labels` is canonical JSON, {} for the whole book."
        " `rolled_ms` is the minute up to which its samples are rolled up.",
    )
    op.create_table(
        "metric_sample",
        sa.Column("series_id", sa.BigInteger, nullable=False),
        sa.Column("ts_ms", sa.BigInteger, nullable=False),
        needed("value", sa.Double),
        # The value lies in the index, so that a chart reads nothing else.
        sa.PrimaryKeyConstraint("series_id", "ts_ms", postgresql_include=["value"]),
        sqlite_with_rowid=False,
        # A partition a day (risk.storage.partitions): dropping one is quick, deleting is not.
        postgresql_partition_by="RANGE (ts_ms)",
        comment="Numbers as measured, for a day or two.",
    )
    create_roll_up("metric_minute", "minute")
    create_roll_up("metric_hour", "hour")


def create_roll_up(name: str, span: str) -> None:
    op.create_table(
        name,
        key("series_id", sa.BigInteger),
        key("ts_ms", sa.BigInteger),
        needed("minimum", sa.Double),
        needed("maximum", sa.Double),
        needed("average", sa.Double),
        needed("last", sa.Double),
        needed("last_ms", sa.BigInteger),
        needed("n", sa.BigInteger),
        sqlite_with_rowid=False,
        comment=f"Samples by {span}; `ts_ms` is where it begins, `last_ms` the last one's time.",
    )


def create_journal() -> None:
    op.create_table(
        "journal",
        key("stream"),
        key("seq", sa.BigInteger),
        needed("at_ms", sa.BigInteger),
        needed("kind", NAME),
        needed("body", sa.Text),
        needed("hash", sa.LargeBinary),
        comment="Events kept for ever, each hash covering the one before; never changed.",
    )
    op.create_index("journal_by_time", "journal", ["stream", "at_ms"])
    op.create_index("journal_by_kind", "journal", ["stream", "kind", "seq"])
    if on_postgres():
        forbid_changes_on_postgres()
    else:
        forbid_changes_on_sqlite()


def forbid_changes_on_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER journal_no_{verb.lower()} BEFORE {verb} ON journal "
            f"BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
        )


def forbid_changes_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{KEPT}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON journal "
        "FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
    )


def create_lease() -> None:
    op.create_table(
        "lease",
        key("portfolio"),
        needed("holder", sa.Text),
        needed("token", sa.BigInteger),
        needed("expires_ms", sa.BigInteger),
        comment="Who is the authority over a portfolio; `token` grows with every holder.",
    )
