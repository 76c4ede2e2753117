"""Proposals, and the second person whose word a change needs.

Whoever writes past the program meets the same rules: an action that changes limits, breakers, the
policy or the model names a proposal that was approved; what loosens was approved by an officer who
is not its author, unless nobody ever had a login; and none of these rows is changed or removed.
What the program alone can tell is which way a change goes: the engine works it out once more.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

#: Kinds of actions that need a proposal.
CHANGES = ("AdoptPolicy", "ChooseBookModel", "EndTemporaryLimit", "SetTemporaryLimit")


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("portfolio", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("loosens", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("lapses_ms", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decision", sa.Text, nullable=False),
        sa.Column("decided_ms", sa.BigInteger),
        sa.Column("action", sa.BigInteger),
        sa.UniqueConstraint("id", "author", name="proposal_by_author"),
        sa.UniqueConstraint("portfolio", "action", name="proposal_of_action"),
        sa.CheckConstraint(f"kind IN ({_listed(CHANGES)})", name="proposal_kind"),
        sa.CheckConstraint(
            "direction IN ('tightens', 'loosens', 'neither')", name="proposal_direction"
        ),
        comment="Changes that people want, and what became of each; `body` is that of the action"
        " (JSON), `what` and `loosens` are lists of lines (JSON).",
    )
    op.create_index("proposal_by_status", "proposal", ["portfolio", "status"])
    op.create_table(
        "approval",
        sa.Column("proposal", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal", "author"], ["proposal.id", "proposal.author"], name="approval_of_proposal"
        ),
        sa.CheckConstraint(
            f"{_plain('person')} <> {_plain('author')} AND {_plain('person')} <> ''",
            name="approval_by_another",
        ),
        comment="The word of another person than a proposal's author, one each; `body` is the"
        " change as it was approved (JSON).",
    )
    op.add_column("action", sa.Column("proposal", sa.BigInteger))
    for statement in _guards():
        op.execute(sa.text(statement))


def downgrade() -> None:
    for statement in _unguarded():
        op.execute(sa.text(statement))
    op.drop_column("action", "proposal")
    op.drop_table("approval")
    op.drop_index("proposal_by_status", table_name="proposal")
    op.drop_table("proposal")


# --- what is refused -----------------------------------------------------------------------

#: What of a proposal never changes.
FIXED = (
    "id",
    "portfolio",
    "kind",
    "body",
    "seen",
    "direction",
    "what",
    "loosens",
    "author",
    "reason",
    "alone",
    "at_ms",
    "lapses_ms",
)
SOMEBODY = "EXISTS (SELECT 1 FROM person)"


def _rules() -> Iterator[tuple[str, str, str, str, str]]:
    """Name, table, event, what is refused, and what is said of it."""
    yield (
        "proposal_begins_open",
        "proposal",
        "INSERT",
        (
            "NEW.status <> 'open' OR NEW.decided_by <> '' OR NEW.decided_ms IS NOT NULL"
            " OR NEW.action IS NOT NULL OR EXISTS (SELECT 1 FROM proposal WHERE id = NEW.id)"
        ),
        "a proposal begins open",
    )
    yield (
        "proposal_alone",
        "proposal",
        "INSERT",
        f"NEW.alone AND {SOMEBODY}",
        "nobody is alone once somebody has a login",
    )
    yield (
        "proposal_stays",
        "proposal",
        "UPDATE",
        " OR ".join(f"NEW.{name} <> OLD.{name}" for name in FIXED)
        + " OR OLD.status <> 'open' OR NEW.status NOT IN"
        " ('approved', 'rejected', 'withdrawn', 'outdated', 'lapsed')"
        " OR (NEW.status <> 'approved' AND NEW.action IS NOT NULL)"
        # SQLite's UPDATE OR REPLACE would remove the other one, and ask no trigger.
        " OR EXISTS (SELECT 1 FROM proposal p WHERE p.portfolio = NEW.portfolio"
        " AND p.action = NEW.action AND p.id <> NEW.id)",
        "of a proposal only the decision is written, once",
    )
    yield (
        "proposal_approved",
        "proposal",
        "UPDATE",
        f"NEW.status = 'approved' AND NOT ({_by_another()} OR {_alone()} OR {_by_its_author()})",
        "what loosens needs the word of another officer than its author",
    )
    yield ("proposal_kept", "proposal", "DELETE", "TRUE", "proposals are kept")
    yield (
        "approval_is_true",
        "approval",
        "INSERT",
        (
            "NOT EXISTS (SELECT 1 FROM proposal p WHERE p.id = NEW.proposal"
            " AND p.author = NEW.author AND p.status = 'open')"
            " OR EXISTS (SELECT 1 FROM approval WHERE proposal = NEW.proposal)"
        ),
        "there is no such open proposal of that author",
    )
    yield (
        "approval_by_officer",
        "approval",
        "INSERT",
        (
            f"{SOMEBODY} AND NOT EXISTS (SELECT 1 FROM person p WHERE p.name = NEW.person"
            f" AND p.role = 'officer' AND p.disabled_ms IS NULL AND p.power_ms <= {_now()})"
        ),
        "only an officer whose power has begun can approve",
    )
    yield ("approval_stays", "approval", "UPDATE", "TRUE", "approvals are kept as they are")
    yield ("approval_kept", "approval", "DELETE", "TRUE", "approvals are kept")
    yield (
        "action_of_proposal",
        "action",
        "INSERT",
        (
            f"(NEW.kind IN ({_listed(CHANGES)}) AND NOT EXISTS ({_its_proposal()}))"
            f" OR (NEW.kind NOT IN ({_listed(CHANGES)}) AND NEW.proposal IS NOT NULL)"
            " OR EXISTS (SELECT 1 FROM action WHERE portfolio = NEW.portfolio AND seq = NEW.seq)"
        ),
        "a change of limits, breakers, policy or model needs a proposal that was approved",
    )
    # Without these somebody would be another person, or alone again.
    yield ("person_named", "person", "UPDATE", "NEW.name <> OLD.name", "people keep their names")
    yield ("person_kept", "person", "DELETE", "TRUE", "people are kept: disable them")


def _by_another() -> str:
    return (
        "EXISTS (SELECT 1 FROM approval a WHERE a.proposal = OLD.id AND a.person = NEW.decided_by)"
    )


def _alone() -> str:
    return f"(OLD.alone AND NOT {SOMEBODY})"


def _by_its_author() -> str:
    """An officer's own word, which is enough for what does not loosen."""
    return (
        "(OLD.direction <> 'loosens' AND NEW.decided_by = OLD.author AND ("
        f"NOT {SOMEBODY} OR EXISTS (SELECT 1 FROM person p WHERE p.name = OLD.author"
        " AND p.role = 'officer' AND p.disabled_ms IS NULL)))"
    )


def _its_proposal() -> str:
    return (
        "SELECT 1 FROM proposal p WHERE p.id = NEW.proposal AND p.portfolio = NEW.portfolio"
        " AND p.kind = NEW.kind AND p.author = NEW.who AND p.status = 'approved'"
        " AND p.action = NEW.seq AND NEW.body = COALESCE("
        "(SELECT a.body FROM approval a WHERE a.proposal = p.id), p.body)"
        f" AND NOT (p.alone AND {SOMEBODY})"
    )


# --- in the words of each database ---------------------------------------------------------


def _guards() -> Iterator[str]:
    for name, table, event, refused, said in _rules():
        if _on_postgres():
            yield (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF {refused} THEN RAISE EXCEPTION '{said}'"
                " USING ERRCODE = 'check_violation'; END IF;"
                f" RETURN {'OLD' if event == 'DELETE' else 'NEW'}; END $$"
            )
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
        else:
            yield (
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused}"
                f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )


def _unguarded() -> Iterator[str]:
    for name, table, _event, _refused, _said in _rules():
        yield f"DROP TRIGGER {name}" + (f" ON {table}" if _on_postgres() else "")
        if _on_postgres():
            yield f"DROP FUNCTION {name}()"


def _plain(name: str) -> str:
    """A name without its capitals and blanks, which make nobody another person."""
    if _on_postgres():
        return rf"lower(regexp_replace({name}, '[\s\u00a0\u200b\u2060\ufeff]+', '', 'g'))"
    for code in (32, 9, 10, 13, 0xA0, 0x200B, 0x2060, 0xFEFF):
        name = f"replace({name}, char({code}), '')"
    return f"lower({name})"


def _now() -> str:
    """The database's own clock, milliseconds since 1970."""
    if _on_postgres():
        return "(extract(epoch FROM clock_timestamp()) * 1000)"
    return "((julianday('now') - 2440587.5) * 86400000)"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _on_postgres() -> bool:
    return bool(op.get_bind().dialect.name == "postgresql")
