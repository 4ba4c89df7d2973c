"""The first schema: tokens by their digests, the outbox, request ids."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    "CREATE DOMAIN tenant_id AS text CHECK (VALUE <> '')",
    """
    CREATE TABLE tokens (
        tenant text NOT NULL,
        token_id text NOT NULL,
        kind text NOT NULL CONSTRAINT tokens_kind CHECK (kind IN ('pat', 'user')),
        name text NOT NULL,
        digest bytea NOT NULL CONSTRAINT tokens_digest_size CHECK (octet_length(digest) = 32),
        permissions text[] NOT NULL,
        apps text[],
        creator text NOT NULL,
        parent_id text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        last_used_at timestamptz,
        PRIMARY KEY (tenant, token_id),
        CONSTRAINT tokens_digest UNIQUE (digest, tenant),
        CONSTRAINT tokens_lifetime CHECK (expires_at > created_at)
    )""",
    "CREATE INDEX tokens_by_name ON tokens (tenant, name)",
    "CREATE INDEX tokens_by_parent ON tokens (tenant, parent_id)",
    "CREATE INDEX tokens_by_age ON tokens (tenant, created_at, token_id)",
    "ALTER TABLE tokens ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE tokens FORCE ROW LEVEL SECURITY",
    # Unlike other tables', these policies show nothing instead of failing where no tenant is set: a presented token
    # is looked up before its tenant is known. Who has the digest sees that row, and nobody sees another.
    """
    CREATE POLICY tenant_rows ON tokens
        USING (tenant = NULLIF(current_setting('paas.tenant', true), ''))""",
    """
    CREATE POLICY presented_row ON tokens FOR SELECT
        USING (digest = decode(NULLIF(current_setting('paas.token_digest', true), ''), 'hex'))""",
    # A token is never changed but in these two, and never deleted: it is history.
    "GRANT SELECT, INSERT, UPDATE (revoked_at, last_used_at) ON tokens TO tokens",
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        destination text NOT NULL,
        key text NOT NULL,
        payload bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (destination, key)
    )""",
    "GRANT SELECT, INSERT, UPDATE (destination), DELETE ON outbox TO tokens",
    """
    CREATE TABLE requests (
        tenant text NOT NULL,
        request_id text NOT NULL,
        subject text NOT NULL,
        method text NOT NULL,
        fingerprint text NOT NULL,
        answer text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, request_id, subject)
    )""",
    "ALTER TABLE requests ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE requests FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_rows ON requests USING (tenant = current_setting('paas.tenant')::tenant_id)",
    "GRANT SELECT, INSERT, DELETE ON requests TO tokens",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
