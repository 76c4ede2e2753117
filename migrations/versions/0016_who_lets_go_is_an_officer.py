"""Whoever lets go, overrules or judges is an officer, also to whoever writes past the program.

What loosens by a person's word alone (letting go what people stopped, what a dead order holds or a
breaker, overriding one, and saying what came of it) names an enabled officer whose power has begun,
unless nobody ever had a login. Roles are those of `risk.domain.actors` as they were then. What only
tightens names anybody: it must be written where nobody can say who asks. So it looks at no table of
people, and neither does any more what 0011 holds of such an action. Nobody is his own second
person, also where SQLite's checks are switched off.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

#: Kinds of actions by which an officer alone lets something go; and those that need a proposal.
LET_GO = ("ReleaseBreaker", "ReleaseReservation", "ResumeTrading")
CHANGES = ("AdoptPolicy", "ChooseBookModel", "EndTemporaryLimit", "SetTemporaryLimit")
SOMEBODY = "EXISTS (SELECT 1 FROM person)"
_LETS_GO = "only an officer whose power has begun lets go or overrules a breaker"
_JUDGES = "only an officer whose power has begun judges an override"
_PROPOSAL = "a change of limits, breakers, policy or model needs a proposal that was approved"


def upgrade() -> None:
    for name, table, event, when, refused, said in _rules():
        _guard(name, table, event, when, refused, said)
    if _on_postgres():
        op.execute(sa.text(_action_of_proposal(_apart())))


def downgrade() -> None:
    if _on_postgres():
        op.execute(sa.text(_action_of_proposal(_at_once())))
    for name, table, *_ in _rules():
        op.execute(sa.text(f"DROP TRIGGER {name}" + (f" ON {table}" if _on_postgres() else "")))
        if _on_postgres():
            op.execute(sa.text(f"DROP FUNCTION {name}()"))


def _rules() -> Iterator[tuple[str, str, str, str, str, str]]:
    """Name, table, event, which rows are meant, what of them is refused, and what is said of it."""
    lets_go = f"(NEW.kind IN ({_listed(LET_GO)}) OR ({_is_override()} AND NOT {_tightens()}))"
    yield ("action_by_officer", "action", "INSERT", lets_go, _no_officer("NEW.who"), _LETS_GO)
    yield (
        "override_review_by_officer", "override_review", "INSERT",
        "TRUE", _no_officer("NEW.reviewer"), _JUDGES,
    )  # fmt: skip
    for table, person in (("override_review", "reviewer"), ("approval", "person")):
        name = f"{table}_by_another"
        his_own = (
            f"{_plain(f'NEW.{person}')} = {_plain('NEW.author')} OR {_plain(f'NEW.{person}')} = ''"
        )
        yield (
            f"{name}_person", table, "INSERT",
            "TRUE", his_own, f"{name}: nobody is his own second person",
        )  # fmt: skip


def _no_officer(name: str) -> str:
    return (
        f"({SOMEBODY} AND NOT EXISTS (SELECT 1 FROM person p WHERE p.name = {name}"
        f" AND p.role = 'officer' AND p.disabled_ms IS NULL AND p.power_ms <= {_now()}))"
    )


def _is_override() -> str:
    return "NEW.kind = 'OverrideBreaker'"


def _tightens() -> str:
    """Whether an override only tightens; what says a thing twice is not believed."""
    if _on_postgres():
        kind, ends = "(NEW.body::json ->> 'kind')", "(NEW.body::json ->> 'ends')"
        keys = "json_object_keys(NEW.body::json)"
        once = f"(SELECT count(*) = count(DISTINCT k) FROM {keys} k)"
    else:
        kind, ends = "json_extract(NEW.body, '$.kind')", "json_extract(NEW.body, '$.ends')"
        once = "(SELECT count(*) = count(DISTINCT key) FROM json_each(NEW.body))"
    return (
        f"(COALESCE({kind} IN ('trip', 'hold', 'extend')"
        f" OR ({kind} = 'end' AND {ends} IN ('step_down', 'disable')), FALSE) AND {once})"
    )


# --- in the words of each database ---------------------------------------------------------


def _guard(name: str, table: str, event: str, when: str, refused: str, said: str) -> None:
    if not _on_postgres():
        op.execute(
            sa.text(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} AND ({refused})"
                f" BEGIN SELECT RAISE(ABORT, '{said}'); END"
            )
        )
        return
    # One within the other: what is not meant does not look at the tables of what is refused.
    op.execute(
        sa.text(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {_bound(when)} THEN IF {_bound(refused)} THEN RAISE EXCEPTION '{said}'"
            " USING ERRCODE = 'check_violation'; END IF; END IF; RETURN NEW; END $$"
        )
    )
    op.execute(
        sa.text(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {name}()"
        )
    )


def _bound(expression: str) -> str:
    """As SQLAlchemy takes it, to which a colon begins the name of a value."""
    return expression.replace("::", r"\:\:")


def _action_of_proposal(body: str) -> str:
    return (
        "CREATE OR REPLACE FUNCTION action_of_proposal() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body} RETURN NEW; END $$"
    )


_REFUSED = f"RAISE EXCEPTION '{_PROPOSAL}' USING ERRCODE = 'check_violation';"
_ITS_PROPOSAL = (
    "SELECT 1 FROM proposal p WHERE p.id = NEW.proposal AND p.portfolio = NEW.portfolio"
    " AND p.kind = NEW.kind AND p.author = NEW.who AND p.status = 'approved'"
    " AND p.action = NEW.seq AND NEW.body = COALESCE("
    "(SELECT a.body FROM approval a WHERE a.proposal = p.id), p.body)"
    f" AND NOT (p.alone AND {SOMEBODY})"
)
_THERE = "EXISTS (SELECT 1 FROM action WHERE portfolio = NEW.portfolio AND seq = NEW.seq)"


def _apart() -> str:
    return (
        f"IF NEW.kind IN ({_listed(CHANGES)}) THEN"
        f" IF NOT EXISTS ({_ITS_PROPOSAL}) THEN {_REFUSED} END IF;"
        f" ELSIF NEW.proposal IS NOT NULL THEN {_REFUSED} END IF;"
        f" IF {_THERE} THEN {_REFUSED} END IF;"
    )


def _at_once() -> str:
    """As 0011 has it."""
    changes = _listed(CHANGES)
    return (
        f"IF (NEW.kind IN ({changes}) AND NOT EXISTS ({_ITS_PROPOSAL}))"
        f" OR (NEW.kind NOT IN ({changes}) AND NEW.proposal IS NOT NULL)"
        f" OR {_THERE} THEN {_REFUSED} END IF;"
    )


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
