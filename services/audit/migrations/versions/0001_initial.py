"""The first schema: the log itself."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    "CREATE DOMAIN tenant_id AS text CHECK (VALUE <> '')",
    """
    CREATE TABLE events (
        tenant text NOT NULL,
        sequence bigint NOT NULL CONSTRAINT events_sequence CHECK (sequence > 0),
        event_id text NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        action text NOT NULL,
        actor text NOT NULL,
        on_behalf_of text NOT NULL,
        app text NOT NULL,
        targets text[] NOT NULL,
        version bigint NOT NULL,
        outcome smallint NOT NULL,
        request_id text NOT NULL,
        client_address text NOT NULL,
        service text NOT NULL,
        leaf_hash bytea NOT NULL CONSTRAINT events_leaf_hash CHECK (octet_length(leaf_hash) = 32),
        PRIMARY KEY (tenant, sequence),
        CONSTRAINT events_once UNIQUE (tenant, event_id)
    )""",
    "CREATE INDEX events_by_app ON events (tenant, app, sequence)",
    "CREATE INDEX events_by_action ON events (tenant, action, sequence)",
    "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE events FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_rows ON events USING (tenant = current_setting('paas.tenant')::tenant_id)",
    # History: what was written is neither changed nor deleted, by anybody but the owner of the table.
    "GRANT SELECT, INSERT ON events TO audit",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
