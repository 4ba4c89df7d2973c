"""The first schema: sessions, and what is good once. What is sealed opens with a browser's own cookie alone."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE sessions (
        session bytea PRIMARY KEY CONSTRAINT sessions_digest CHECK (octet_length(session) = 32),
        tenant text NOT NULL,
        subject text NOT NULL,
        sealed bytea NOT NULL,
        started_at timestamptz NOT NULL,
        seen_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        CONSTRAINT sessions_end CHECK (ends_at > started_at)
    )""",
    "CREATE INDEX sessions_of_somebody ON sessions (tenant, subject)",
    "GRANT SELECT, INSERT, DELETE, UPDATE (sealed, seen_at) ON sessions TO dashboard",
    # Of each app what somebody has put together in this browser and not saved; it ends with the session.
    """
    CREATE TABLE pending (
        session bytea NOT NULL REFERENCES sessions ON DELETE CASCADE,
        app text NOT NULL,
        sealed bytea NOT NULL,
        PRIMARY KEY (session, app)
    )""",
    "GRANT SELECT, INSERT, DELETE, UPDATE (sealed) ON pending TO dashboard",
    """
    CREATE TABLE once (
        id bytea PRIMARY KEY CONSTRAINT once_digest CHECK (octet_length(id) = 32),
        tenant text NOT NULL,
        subject text NOT NULL,
        sealed bytea NOT NULL,
        ends_at timestamptz NOT NULL
    )""",
    "CREATE INDEX once_of_somebody ON once (tenant, subject)",
    "GRANT SELECT, INSERT, DELETE ON once TO dashboard",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
