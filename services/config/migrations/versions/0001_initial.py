"""The registry of apps and names, with row-level security, temporal rows and the outbox."""

from alembic import op

revision = "0001"
down_revision = None

_TABLES = """
CREATE DOMAIN tenant_id AS text CHECK (VALUE <> '');

CREATE TABLE apps (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    next_position bigint NOT NULL,
    names integer NOT NULL,
    bytes bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    PRIMARY KEY (tenant, app_id)
);
CREATE UNIQUE INDEX apps_living_name ON apps (tenant, name) WHERE destroyed_at IS NULL;

CREATE TABLE specs (
    tenant text NOT NULL,
    app_id text NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint,
    command text[] NOT NULL,
    image text NOT NULL,
    instances integer NOT NULL,
    health_path text NOT NULL,
    PRIMARY KEY (tenant, app_id, valid_from)
);

CREATE TABLE vars (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint,
    kind text NOT NULL CHECK (kind IN ('config', 'secret', 'managed')),
    value text NOT NULL,
    addon text NOT NULL,
    size integer NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, app_id, name, valid_from),
    CHECK (kind <> 'secret' OR value = '')
);
CREATE UNIQUE INDEX vars_current ON vars (tenant, app_id, name) WHERE valid_to IS NULL;

CREATE TABLE requests (
    tenant text NOT NULL,
    request_id text NOT NULL,
    subject text NOT NULL,
    method text NOT NULL,
    fingerprint text NOT NULL,
    answer text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, request_id, subject)
);

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination text NOT NULL,
    key text NOT NULL,
    payload bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (destination, key)
);
"""

_TENANT_TABLES = ("apps", "specs", "vars", "requests")

# History is closed, never changed: only the columns that close a row may be updated.
_GRANTS = """
GRANT SELECT, INSERT, UPDATE (version, next_position, names, bytes, destroyed_at) ON apps TO config;
GRANT SELECT, INSERT, UPDATE (valid_to) ON specs TO config;
GRANT SELECT, INSERT, UPDATE (valid_to, size) ON vars TO config;
GRANT SELECT, INSERT, DELETE ON requests TO config;
GRANT SELECT, INSERT, UPDATE (destination), DELETE ON outbox TO config;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for table in _TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_rows ON {table} USING (tenant = current_setting('paas.tenant')::tenant_id)")
    op.execute(_GRANTS)
