"""Drafts, names that are being claimed or held in config, attachings of managed values, and destroyed apps."""

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = """
ALTER TABLE apps
    ALTER COLUMN name DROP NOT NULL,
    ADD COLUMN draft_revision bigint NOT NULL DEFAULT 0,
    ADD COLUMN destroyed_at timestamptz;
ALTER TABLE sealed ADD COLUMN attachment_id text NOT NULL DEFAULT '';

CREATE TABLE drafts (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    action text NOT NULL CHECK (action IN ('set', 'unset')),
    revision bigint NOT NULL,
    base_from bigint,
    generation integer,
    sealed bytea,
    size integer NOT NULL DEFAULT 0,
    overlap_seconds integer,
    staged_by text NOT NULL,
    staged_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, app_id, name),
    CHECK ((action = 'set') = (sealed IS NOT NULL) AND (sealed IS NULL) = (generation IS NULL))
);

CREATE TABLE held_names (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    claim_ids text[] NOT NULL,
    PRIMARY KEY (tenant, app_id, name)
);

CREATE TABLE claims (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    claim_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, app_id, name, claim_id)
);
CREATE INDEX claims_created ON claims (created_at);
"""

_TENANT_TABLES = ("drafts", "held_names")

# Destroyed apps are remembered, so that nothing is stored of one again.
# claims holds names and times only, and is read across tenants by the job that settles those that were left.
_GRANTS = """
GRANT UPDATE (name, draft_revision, destroyed_at) ON apps TO secrets;
REVOKE DELETE ON apps FROM secrets;
GRANT UPDATE (attachment_id) ON sealed TO secrets;
REVOKE UPDATE (previous_until) ON sealed FROM secrets;
GRANT SELECT, INSERT, DELETE,
    UPDATE (action, revision, base_from, generation, sealed, size, overlap_seconds, staged_by, staged_at)
    ON drafts TO secrets;
GRANT SELECT, INSERT, UPDATE (claim_ids), DELETE ON held_names TO secrets;
GRANT SELECT, INSERT, DELETE ON claims TO secrets;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    for table in _TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_rows ON {table} USING (tenant = current_setting('paas.tenant')::tenant_id)")
    op.execute(_GRANTS)
