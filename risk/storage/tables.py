"""The tables, as SQLAlchemy Core sees them.

Core and not the ORM: rows here are written in bulk and read into domain values; nobody edits a
row in place. Migrations make the tables (`migrations/`); a test holds that both agree.

Times are whole milliseconds since 1970, UTC, on both databases.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

metadata = MetaData()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# SQLite numbers rows by itself only in a column of exactly the type INTEGER.
_Identity = BigInteger().with_variant(Integer(), "sqlite")


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The time, UTC, of milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


portfolio = Table(
    "portfolio",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("currency", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    comment="Books that Seawall watches.",
)

fact = Table(
    "fact",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    comment="What must be the same after a restart, e.g. the simulated market's seed (JSON).",
)

bar = Table(
    "bar",
    metadata,
    Column("market", String(32), primary_key=True),
    Column("period", String(2), primary_key=True),
    Column("opened_ms", BigInteger, primary_key=True),
    Column("asset", String(64), primary_key=True),
    Column("open", Double, nullable=False),
    Column("high", Double, nullable=False),
    Column("low", Double, nullable=False),
    Column("close", Double, nullable=False),
    Column("volume", Double, nullable=False),
    Column("breaks", Boolean, nullable=False),
    sqlite_with_rowid=False,
    comment="Prices; `market` keeps simulated ones and real ones of the same name apart.",
)

cycle = Table(
    "cycle",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
    Column("duration_ms", Double, nullable=False),
    Column("trading_state", String(16), nullable=False),
    Column("token", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="Complete cycles; written in the same transaction as all that they established.",
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("assessment", LargeBinary, nullable=False),
    Column("basis", LargeBinary),
    Column("policy", String(64)),
    comment="Recent snapshots without their models, and what was assessed. `basis` is what else"
    " orders were judged by: the state after it, without its policy, which `policy` names.",
)

risk_state = Table(
    "risk_state",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("wall_ms", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    comment="The state after the last complete cycle.",
)

model_state = Table(
    "model_state",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("period", String(2), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("closed_ms", BigInteger),
    Column("body", LargeBinary, nullable=False),
    comment="A row a bar: the model from cycle `number` on.",
)

policy_state = Table(
    "policy_state",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
    comment="Policies that were in force, each once: snapshots name theirs by its digest.",
)

trip_state = Table(
    "trip_state",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("state", LargeBinary, nullable=False),
    Column("snapshot", LargeBinary, nullable=False),
    Column("day", LargeBinary, nullable=False),
    Column("hour", LargeBinary, nullable=False),
    comment="What each cycle began from in which a breaker tripped: it can be taken again.",
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("portfolio", "kind", "external_id", name="ledger_entry_once"),
    comment="Fills and flows in the order they were booked (JSON).",
)

ledger_inbox = Table(
    "ledger_inbox",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("portfolio", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("portfolio", "kind", "external_id", name="ledger_inbox_once"),
    comment="Entries that people made and the authority has not booked yet.",
)

action = Table(
    "action",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("proposal", BigInteger),
    sqlite_with_rowid=False,
    comment="What people asked of a book, in order (JSON); kept for ever, never changed.",
)

proposal = Table(
    "proposal",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("portfolio", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("direction", String(16), nullable=False),
    Column("what", Text, nullable=False),
    Column("loosens", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("lapses_ms", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("decided_ms", BigInteger),
    Column("action", BigInteger),
    UniqueConstraint("id", "author", name="proposal_by_author"),
    UniqueConstraint("portfolio", "action", name="proposal_of_action"),
    Index("proposal_by_status", "portfolio", "status"),
    comment="Changes that people want, and what became of each; `body` is that of the action"
    " (JSON), `what` and `loosens` are lists of lines (JSON).",
)

approval = Table(
    "approval",
    metadata,
    Column("proposal", BigInteger, primary_key=True, autoincrement=False),
    Column("author", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["proposal", "author"], ["proposal.id", "proposal.author"], name="approval_of_proposal"
    ),
    comment="The word of another person than a proposal's author, one each; `body` is the"
    " change as it was approved (JSON).",
)

metric_series = Table(
    "metric_series",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("portfolio", String(64), nullable=False),
    Column("metric", String(64), nullable=False),
    Column("labels", Text, nullable=False),
    Column("rolled_ms", BigInteger, nullable=False),
    UniqueConstraint("portfolio", "metric", "labels", name="metric_series_once"),
    comment="What a number is about; `labels` is canonical JSON, {} for the whole book."
    " `rolled_ms` is the minute up to which its samples are rolled up.",
)

metric_sample = Table(
    "metric_sample",
    metadata,
    Column("series_id", BigInteger, primary_key=True, autoincrement=False),
    Column("ts_ms", BigInteger, primary_key=True),
    Column("value", Double, nullable=False),
    sqlite_with_rowid=False,
    comment="Numbers as measured, for a day or two.",
)


def _roll_up(name: str, span: str) -> Table:
    return Table(
        name,
        metadata,
        Column("series_id", BigInteger, primary_key=True, autoincrement=False),
        Column("ts_ms", BigInteger, primary_key=True),
        Column("minimum", Double, nullable=False),
        Column("maximum", Double, nullable=False),
        Column("average", Double, nullable=False),
        Column("last", Double, nullable=False),
        Column("last_ms", BigInteger, nullable=False),
        Column("n", BigInteger, nullable=False),
        sqlite_with_rowid=False,
        comment=f"Samples by {span}; `ts_ms` is where it begins, `last_ms` the last one's time.",
    )


metric_minute = _roll_up("metric_minute", "minute")
metric_hour = _roll_up("metric_hour", "hour")

journal = Table(
    "journal",
    metadata,
    Column("stream", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("journal_by_time", "stream", "at_ms"),
    Index("journal_by_kind", "stream", "kind", "at_ms"),
    comment="Events kept for ever, each hash covering the one before; never changed.",
)

journal_checkpoint = Table(
    "journal_checkpoint",
    metadata,
    Column("stream", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("key_id", String(32), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("anchored", Boolean, nullable=False),
    comment="How far each stream of the journal had come, signed; never changed. `anchored` says"
    " that a copy was kept outside of the database before.",
)

decision = Table(
    "decision",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("client_order_id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("snapshot", BigInteger, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("venue", Text, nullable=False),
    Column("side", String(8), nullable=False),
    Column("sender", Text, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("requested", Double, nullable=False),
    Column("allowed", Double, nullable=False),
    Column("micros", Double, nullable=False),
    Column("status", String(16)),
    Column("filled", Double, nullable=False),
    Column("request", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Index("decision_by_time", "portfolio", "at_ms"),
    Index("decision_by_snapshot", "portfolio", "snapshot"),
    comment="Orders as they were answered, and what became of each.",
)

gate_batch = Table(
    "gate_batch",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    comment="The last batch of a gate's notes that was written, so that none is written twice.",
)

outbox = Table(
    "outbox",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("notice", String(128), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("episode", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_ms", BigInteger),
    Column("delivered_ms", BigInteger),
    Column("dead", Text),
    Index("outbox_by_turn", "portfolio", "channel", "next_ms"),
    comment="Notices, once for each channel. `next_ms` is when it is tried next, 0 for at once and"
    " NULL for never: it was delivered, or is dead for the reason that `dead` gives.",
)

breaker_history = Table(
    "breaker_history",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("breaker", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("scope_kind", String(16), nullable=False),
    Column("scope", Text, nullable=False),
    Column("imposed", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tripped_ms", BigInteger, nullable=False),
    Column("value", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("numerator", Double),
    Column("denominator", Double),
    Column("worst", Double, nullable=False),
    Column("retrips", BigInteger, nullable=False),
    Column("asked_ms", BigInteger),
    Column("ended_ms", BigInteger),
    Column("ended_by", Text, nullable=False),
    Column("ended_why", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("tripped_by", Text, nullable=False, server_default=""),
    Column("card", Text),
    Column("history", Text),
    Column("counterfactual", Text),
    Column("judged_ms", BigInteger),
    Index("breaker_history_by_time", "portfolio", "tripped_ms"),
    comment="Episodes of circuit breakers, kept for ever. `imposed` is false of one that a disabled"
    " breaker only records; what was known at the trip, found soon after it, and what it stopped"
    " would have earned until `judged_ms` are JSON.",
)

override_review = Table(
    "override_review",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("action", BigInteger, primary_key=True, autoincrement=False),
    Column("author", Text, nullable=False),
    Column("reviewer", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("comment", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    CheckConstraint(
        "lower(trim(reviewer)) <> lower(trim(author))", name="override_review_by_another"
    ),
    comment="What somebody said of another's override of a breaker, kept for ever. Triggers hold"
    " that `author` is whoever asked for the action, and that nobody changes either.",
)

lease = Table(
    "lease",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    comment="Who is the authority over a portfolio; `token` grows with every holder.",
)

engine_failure = Table(
    "engine_failure",
    metadata,
    Column("portfolio", String(64), primary_key=True),
    Column("wall_ms", BigInteger, nullable=False),
    Column("problem", Text, nullable=False),
    comment="Why an engine last could not go on; over once a later cycle is complete.",
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("portfolios", Text, nullable=False),
    Column("strategies", Text),
    Column("abilities", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    comment="Keys of programs: of the secret only its SHA-256. Lists are JSON; `strategies` is"
    " NULL for all.",
)

person = Table(
    "person",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("power_ms", BigInteger, nullable=False),
    Column("power_by", Text, nullable=False),
    Column("was_officer", Boolean, nullable=False),
    Column("disabled_ms", BigInteger),
    Column("password", Text),
    Column("password_until_ms", BigInteger),
    Column("must_change", Boolean, nullable=False),
    Column("factor", Text),
    Column("factor_step", BigInteger, nullable=False),
    Column("new_factor", Text),
    Column("subject", Text, unique=True),
    Column("seen_ms", BigInteger),
    Column("version", BigInteger, nullable=False),
    Column("changed_by", Text, nullable=False),
    comment="Everybody who ever had a login; never removed. `password` is an Argon2id hash,"
    " secrets of second factors are sealed by a key that is not in the database.",
)

login = Table(
    "login",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("person", String(32), nullable=False),
    Column("via", String(16), nullable=False),
    Column("began_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("proven_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("csrf", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("device", String(32), nullable=False),
    Column("weak", Boolean, nullable=False, server_default=false()),
    Index("login_by_person", "person"),
    comment="By what people are signed in: of a token only its SHA-256.",
)

login_device = Table(
    "login_device",
    metadata,
    Column("person", String(32), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("seen_ms", BigInteger, nullable=False),
    comment="Browsers by which people have signed in: others' tries do not keep them out.",
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("name", String(32), nullable=False),
    Column("place", Text, nullable=False),
    Column("device", String(32), nullable=False),
    Index("login_failure_by_name", "name", "at_ms"),
    Index("login_failure_by_place", "place", "at_ms"),
    comment="Tries of the last day that did not open, and those that are being looked at."
    " `name` is empty for what cannot be one, `device` for an unknown browser.",
)
