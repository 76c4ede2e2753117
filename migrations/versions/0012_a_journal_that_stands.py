"""Signed checkpoints, what must never change held by triggers, and what answers follow from."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

#: Tables held from here on, with the columns that tell their rows apart. The journal itself was
#: held from the first on, but for INSERT OR REPLACE, which SQLite's triggers on DELETE do not see.
HELD = {
    "action": ("portfolio", "seq"),
    "journal_checkpoint": ("stream", "seq", "key_id"),
}
SNAPSHOT_WAS = "Recent snapshots without their models, and what was assessed."
SNAPSHOT_IS = (
    f"{SNAPSHOT_WAS} `basis` is what else orders were judged by: the state after it, without its"
    " policy, which `policy` names."
)
#: By their rowid, too, rows of these can be replaced.
WITH_ROWID = ("journal", "journal_checkpoint")


def upgrade() -> None:
    create_checkpoints()
    create_bases()
    if on_postgres():
        hold_on_postgres()
    else:
        hold_on_sqlite()


def downgrade() -> None:
    if on_postgres():
        for table in HELD:
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute("DROP FUNCTION is_append_only()")
    else:
        for name in (*(f"{t}_no_{v}" for t in HELD for v in ("update", "delete")), *REPLACING):
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("trip_state")
    op.drop_table("policy_state")
    if on_postgres():
        op.create_table_comment("snapshot", SNAPSHOT_WAS)
    op.drop_column("snapshot", "policy")
    op.drop_column("snapshot", "basis")
    op.drop_table("journal_checkpoint")


REPLACING = ("action_no_replace", "journal_checkpoint_no_replace", "journal_no_replace")


def on_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def create_checkpoints() -> None:
    op.create_table(
        "journal_checkpoint",
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
    for table in HELD:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    for table, columns in {**HELD, "journal": ("stream", "seq")}.items():
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # nosec B608: our own names
        if table in WITH_ROWID:
            there += f" OR EXISTS (SELECT 1 FROM {table} WHERE rowid = NEW.rowid)"  # nosec B608
        # IGNORE and the like would be told that all went well: nothing but an error will do.
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def hold_on_postgres() -> None:
    op.execute(
        "CREATE FUNCTION is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in HELD:
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION is_append_only()"
        )
