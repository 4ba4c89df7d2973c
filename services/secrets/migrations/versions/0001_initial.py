"""Sealed values and tenants' keys, with row-level security, temporal rows and the outbox."""

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
    PRIMARY KEY (tenant, app_id),
    UNIQUE (tenant, name)
);

CREATE TABLE sealed (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    valid_from bigint NOT NULL,
    valid_to bigint,
    kind text NOT NULL CHECK (kind IN ('secret', 'managed')),
    generation integer NOT NULL,
    sealed bytea NOT NULL,
    size integer NOT NULL,
    position bigint NOT NULL,
    previous bigint,
    previous_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, app_id, name, valid_from)
);
CREATE UNIQUE INDEX sealed_current ON sealed (tenant, app_id, name) WHERE valid_to IS NULL;

CREATE TABLE tenant_keys (
    tenant text NOT NULL,
    generation integer NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, generation)
);

CREATE TABLE kms_check (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    wrapped bytea NOT NULL
);

CREATE TABLE overlap_ends (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    version bigint NOT NULL,
    due timestamptz NOT NULL,
    PRIMARY KEY (tenant, app_id, name)
);
CREATE INDEX overlap_ends_due ON overlap_ends (due);

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

_TENANT_TABLES = ("apps", "sealed", "tenant_keys", "requests")

# History is closed, never changed. DELETE on sealed and apps is for destroyed apps, whose secrets must not stay.
# overlap_ends holds names and times only and is read across tenants by the job that ends overlaps, as is the outbox.
_GRANTS = """
GRANT SELECT, INSERT, UPDATE (version, next_position), DELETE ON apps TO secrets;
GRANT SELECT, INSERT, UPDATE (valid_to, previous_until), DELETE ON sealed TO secrets;
GRANT SELECT, INSERT ON tenant_keys TO secrets;
GRANT SELECT, INSERT ON kms_check TO secrets;
GRANT SELECT, INSERT, UPDATE (version, due), DELETE ON overlap_ends TO secrets;
GRANT SELECT, INSERT, DELETE ON requests TO secrets;
GRANT SELECT, INSERT, UPDATE (destination), DELETE ON outbox TO secrets;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for table in _TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_rows ON {table} USING (tenant = current_setting('paas.tenant')::tenant_id)")
    op.execute(_GRANTS)
