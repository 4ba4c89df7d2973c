"""Each tenant's events are a log that others verify: what it is called, and every checkpoint that was signed of it."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE events
        DROP CONSTRAINT events_leaf_format,
        ADD CONSTRAINT events_leaf_format CHECK (leaf_format IN (1, 2, 3, 4))""",
    # Outside of row-level security, since whoever publishes goes through all of them: names of tenants and random ids,
    # and of each checkpoint what everybody who reads it is told. There is no UPDATE: what was signed stays.
    """
    CREATE TABLE logs (
        tenant text PRIMARY KEY,
        log_id text NOT NULL UNIQUE DEFAULT replace(gen_random_uuid()::text, '-', '')
    )""",
    """
    CREATE TABLE checkpoints (
        log_id text NOT NULL REFERENCES logs (log_id),
        size bigint NOT NULL CHECK (size > 0),
        root bytea NOT NULL CHECK (octet_length(root) = 32),
        signed_at timestamptz NOT NULL,
        PRIMARY KEY (log_id, size)
    )""",
    # The owner is shown the rows of no tenant either, but for this once.
    "ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
    "INSERT INTO logs (tenant) SELECT DISTINCT tenant FROM events",
    "ALTER TABLE events FORCE ROW LEVEL SECURITY",
    "GRANT SELECT, INSERT ON logs, checkpoints TO audit",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
