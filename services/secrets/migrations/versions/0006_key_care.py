"""Tenants' keys are rotated, wrapped anew and destroyed: what is sealed with which, and whose to look after when."""

from alembic import op

revision = "0006"
down_revision = "0005"

# So that it can be counted what is sealed with which key. With more columns, what looks for an app's values could be
# taken to be found there.
_TABLES = """
ALTER TABLE tenant_keys
    ADD COLUMN older_versions bigint NOT NULL DEFAULT 0,
    ADD COLUMN finished_at timestamptz,
    ADD COLUMN unreadable bigint NOT NULL DEFAULT 0,
    ADD COLUMN retired_at timestamptz;
CREATE INDEX IF NOT EXISTS sealed_generation ON sealed (tenant, generation);
CREATE INDEX IF NOT EXISTS drafts_generation ON drafts (tenant, generation) WHERE sealed IS NOT NULL;

CREATE TABLE key_care (
    tenant text PRIMARY KEY,
    due timestamptz NOT NULL DEFAULT clock_timestamp(),
    destroyed_at timestamptz,
    kms_destroyed_at timestamptz,
    restorable_until timestamptz,
    CHECK (kms_destroyed_at IS NULL OR destroyed_at IS NOT NULL)
);
CREATE INDEX key_care_due ON key_care (due);
CREATE INDEX key_care_destroyed ON key_care (destroyed_at) WHERE destroyed_at IS NOT NULL;
"""

# The owner is shown the rows of no tenant either, but for this once.
_EARLIER = """
ALTER TABLE tenant_keys NO FORCE ROW LEVEL SECURITY;
INSERT INTO key_care (tenant) SELECT DISTINCT tenant FROM tenant_keys;
ALTER TABLE tenant_keys FORCE ROW LEVEL SECURITY;
"""

# A sealed value may be replaced by the same one under a newer key; what it is of, and its version, stay.
# key_care holds names of tenants and times only, and is read across tenants by the job that looks after keys.
_GRANTS = """
GRANT UPDATE (generation, sealed) ON sealed TO secrets;
GRANT UPDATE (wrapped, finished_at, unreadable, retired_at) ON tenant_keys TO secrets;
GRANT SELECT, INSERT, UPDATE (due, destroyed_at, kms_destroyed_at, restorable_until) ON key_care TO secrets;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_EARLIER)
    op.execute(_GRANTS)
