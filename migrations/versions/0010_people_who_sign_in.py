"""People who sign in: their logins, their browsers, and the tries that failed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("created_ms", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("power_ms", sa.BigInteger, nullable=False),
        sa.Column("power_by", sa.Text, nullable=False),
        sa.Column("was_officer", sa.Boolean, nullable=False),
        sa.Column("disabled_ms", sa.BigInteger),
        sa.Column("password", sa.Text),
        sa.Column("password_until_ms", sa.BigInteger),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("factor", sa.Text),
        sa.Column("factor_step", sa.BigInteger, nullable=False),
        sa.Column("new_factor", sa.Text),
        sa.Column("subject", sa.Text, unique=True),
        sa.Column("seen_ms", sa.BigInteger),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        comment="Everybody who ever had a login; never removed. `password` is an Argon2id hash,"
        " secrets of second factors are sealed by a key that is not in the database.",
    )
    op.create_table(
        "login",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("began_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.Column("proven_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        comment="By what people are signed in: of a token only its SHA-256.",
    )
    op.create_index("login_by_person", "login", ["person"])
    op.create_table(
        "login_device",
        sa.Column("person", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        comment="Browsers by which people have signed in: others' tries do not keep them out.",
    )
    op.create_table(
        "login_failure",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        comment="Tries of the last day that did not open, and those that are being looked at."
        " `name` is empty for what cannot be one, `device` for an unknown browser.",
    )
    op.create_index("login_failure_by_name", "login_failure", ["name", "at_ms"])
    op.create_index("login_failure_by_place", "login_failure", ["place", "at_ms"])


def downgrade() -> None:
    op.drop_index("login_failure_by_place", table_name="login_failure")
    op.drop_index("login_failure_by_name", table_name="login_failure")
    op.drop_table("login_failure")
    op.drop_table("login_device")
    op.drop_index("login_by_person", table_name="login")
    op.drop_table("login")
    op.drop_table("person")
