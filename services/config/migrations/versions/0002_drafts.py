"""Drafts apart from what is live, claims that have ids, and the attachings that are under way."""

from alembic import op

revision = "0002"
down_revision = "0001"

# `claims` of a secret is the id its name is held under; of a managed variable the ids under which secrets may hold its
# value: one, and those of attachings that broke off and may have stored theirs all the same.
_TABLES = """
ALTER TABLE apps ADD COLUMN draft_revision bigint NOT NULL DEFAULT 0;
ALTER TABLE vars ADD COLUMN claims text[] NOT NULL DEFAULT '{}';

CREATE TABLE drafts (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    value text,
    size integer NOT NULL,
    base_from bigint,
    staged_by text NOT NULL,
    staged_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant, app_id, name)
);

CREATE TABLE draft_specs (
    tenant text NOT NULL,
    app_id text NOT NULL,
    command text[] NOT NULL,
    image text NOT NULL,
    instances integer NOT NULL,
    health_path text NOT NULL,
    base_from bigint NOT NULL,
    staged_by text NOT NULL,
    staged_at timestamptz NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (tenant, app_id)
);

CREATE TABLE attachments (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    attachment_id text NOT NULL,
    request_id text NOT NULL,
    subject text NOT NULL,
    adds boolean NOT NULL,
    shared boolean NOT NULL,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, app_id, name)
);
"""

# A past version is what is current and older than it, and what was closed since; both through an index of their own,
# so that the length of an app's history does not matter to a release of a recent version.
_INDEXES = """
CREATE INDEX vars_closed ON vars (tenant, app_id, valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX apps_destroyed_name ON apps (tenant, name) WHERE destroyed_at IS NOT NULL;
CREATE INDEX attachments_touched ON attachments (touched_at);
"""

_TENANT_TABLES = ("drafts", "draft_specs")

# Attachings are looked for across tenants by the job that settles them, and hold no value.
_GRANTS = """
GRANT UPDATE (draft_revision) ON apps TO config;
GRANT UPDATE (claims) ON vars TO config;
GRANT SELECT, INSERT, DELETE, UPDATE (value, size, base_from, staged_by, staged_at, revision) ON drafts TO config;
GRANT SELECT, INSERT, DELETE ON draft_specs TO config;
GRANT SELECT, INSERT, UPDATE (shared, touched_at), DELETE ON attachments TO config;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_INDEXES)
    for table in _TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant_rows ON {table} USING (tenant = current_setting('paas.tenant')::tenant_id)")
    op.execute(_GRANTS)
