"""What came of overrides, as somebody else says; and who tripped a breaker by hand.

Triggers hold what no program may get wrong: that a review names whoever overrode as the action
has it, and that neither is ever changed. Together with the check nobody judges his own.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

REVIEW, ACTION, HISTORY = "override_review", "action", "breaker_history"
_NAMED = f"a review in {REVIEW} names whoever asked for the override"
#: What is never changed, and what is said to whoever tries.
_KEPT = {REVIEW: "a review is never changed", ACTION: "an action is never changed"}
#: What numbers its rows within a portfolio.
_NUMBER = {REVIEW: "action", ACTION: "seq"}
_AS_ASKED = (
    "SELECT 1 FROM action WHERE portfolio = NEW.portfolio AND seq = NEW.action"
    " AND kind = 'OverrideBreaker' AND who = NEW.author"
)


def upgrade() -> None:
    op.add_column(HISTORY, sa.Column("tripped_by", sa.Text, nullable=False, server_default=""))
    op.create_table(
        REVIEW,
        sa.Column("portfolio", sa.String(64), primary_key=True),
        sa.Column("action", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reviewer", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "lower(trim(reviewer)) <> lower(trim(author))", name="override_review_by_another"
        ),
        comment="What somebody said of another's override of a breaker, kept for ever. Triggers"
        " hold that `author` is whoever asked for the action, and that nobody changes either.",
    )
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    for name, table in _triggers():
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if _is_postgres() else ""))
    if _is_postgres():
        for function in (f"{REVIEW}_named", *(f"{table}_kept" for table in _KEPT)):
            op.execute(f"DROP FUNCTION {function}")
    op.drop_table(REVIEW)
    op.drop_column(HISTORY, "tripped_by")


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _guards() -> list[str]:
    return [*_of_postgres()] if _is_postgres() else [*_of_sqlite()]


def _triggers() -> list[tuple[str, str]]:
    """Name and table of each."""
    # SQLite's REPLACE deletes without a word; Postgres can empty a table without touching a row.
    third = "truncate" if _is_postgres() else "replace"
    kept = [(f"{table}_{what}", table) for table in _KEPT for what in ("update", "delete", third)]
    return [(f"{REVIEW}_named", REVIEW), *kept]


def _of_sqlite() -> Iterator[str]:
    yield (
        f"CREATE TRIGGER {REVIEW}_named BEFORE INSERT ON {REVIEW} WHEN NOT EXISTS ({_AS_ASKED})"
        f" BEGIN SELECT RAISE(ABORT, '{_NAMED}'); END"
    )
    for table, why in _KEPT.items():
        number = _NUMBER[table]
        there = f"SELECT 1 FROM {table} WHERE portfolio = NEW.portfolio AND {number} = NEW.{number}"
        for what, event in (
            ("update", "UPDATE"),
            ("delete", "DELETE"),
            ("replace", "INSERT"),
        ):
            when = f" WHEN EXISTS ({there})" if what == "replace" else ""
            yield (
                f"CREATE TRIGGER {table}_{what} BEFORE {event} ON {table}{when}"
                f" BEGIN SELECT RAISE(ABORT, '{why}'); END"
            )


def _of_postgres() -> Iterator[str]:
    yield (
        f"CREATE FUNCTION {REVIEW}_named() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NOT EXISTS ({_AS_ASKED}) THEN RAISE EXCEPTION '{_NAMED}'; END IF;"
        " RETURN NEW; END $$"
    )
    yield (
        f"CREATE TRIGGER {REVIEW}_named BEFORE INSERT ON {REVIEW}"
        f" FOR EACH ROW EXECUTE FUNCTION {REVIEW}_named()"
    )
    for table, why in _KEPT.items():
        yield (
            f"CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" RAISE EXCEPTION '{why}'; END $$"
        )
        for what, each in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT")):
            yield (
                f"CREATE TRIGGER {table}_{what} BEFORE {what.upper()} ON {table}"
                f" FOR EACH {each} EXECUTE FUNCTION {table}_kept()"
            )
