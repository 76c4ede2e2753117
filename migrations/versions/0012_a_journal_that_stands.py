"""Signed checkpoints, what must never change held by triggers, and what answers follow from."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CHECKPOINT, JOURNAL = "journal_checkpoint", "journal"
#: What tells the rows of each apart. The journal itself was held from the first on, but for INSERT
#: OR REPLACE, which SQLite's triggers on DELETE do not see; nor do they see one by the rowid.
KEYS = {CHECKPOINT: ("stream", "seq", "key_id"), JOURNAL: ("stream", "seq")}
SNAPSHOT_WAS = "Recent snapshots without their models, and what was assessed."
SNAPSHOT_IS = (
    f"{SNAPSHOT_WAS} `basis` is what else orders were judged by: the state after it, without its"
    " policy, which `policy` names."
)


def upgrade() -> None:
    create_checkpoints()
    create_bases()
    if on_postgres():
        hold_on_postgres()
    else:
        hold_on_sqlite()


def downgrade() -> None:
    if on_postgres():
        op.execute(f"DROP TRIGGER {CHECKPOINT}_no_change ON {CHECKPOINT}")
        op.execute("DROP FUNCTION journal_checkpoint_is_append_only()")
        op.create_table_comment("snapshot", SNAPSHOT_WAS)
    else:
        for name in (*(f"{CHECKPOINT}_no_{verb}" for verb in ("update", "delete")), *REPLACING):
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("trip_state")
    op.drop_table("policy_state")
    op.drop_column("snapshot", "policy")
    op.drop_column("snapshot", "basis")
    op.drop_table(CHECKPOINT)


REPLACING = tuple(f"{table}_no_replace" for table in KEYS)


def on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def create_checkpoints() -> None:
    op.create_table(
        CHECKPOINT,
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("key_id", sa.String(32), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("anchored", sa.Boolean, nullable=False),
        comment="How far each stream of the journal had come, signed; never changed. `anchored`"
        " says that a copy was kept outside of the database before.",
    )


def create_bases() -> None:
    op.add_column("snapshot", sa.Column("basis", sa.LargeBinary))
    op.add_column("snapshot", sa.Column("policy", sa.String(64)))
    if on_postgres():
        op.create_table_comment("snapshot", SNAPSHOT_IS)
    op.create_table(
        "policy_state",
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        comment="Policies that were in force, each once: snapshots name theirs by its digest.",
    )
    op.create_table(
        "trip_state",
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("snapshot", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.LargeBinary, nullable=False),
        sa.Column("hour", sa.LargeBinary, nullable=False),
        comment="What each cycle began from in which a breaker tripped: it can be taken again.",
    )


def hold_on_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {CHECKPOINT}_no_{verb.lower()} BEFORE {verb} ON {CHECKPOINT} "
            f"BEGIN SELECT RAISE(ABORT, '{CHECKPOINT} is append-only'); END"
        )
    for table, columns in KEYS.items():
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
        there = (
            f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # nosec B608: our own names
            f" OR EXISTS (SELECT 1 FROM {table} WHERE rowid = NEW.rowid)"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def hold_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION journal_checkpoint_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{CHECKPOINT} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {CHECKPOINT}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {CHECKPOINT} FOR EACH STATEMENT "
        "EXECUTE FUNCTION journal_checkpoint_is_append_only()"
    )
