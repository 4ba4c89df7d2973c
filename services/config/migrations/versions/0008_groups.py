"""Shared groups: which apps are groups, and which groups an app has at each version of its spec."""

from alembic import op

revision = "0008"
down_revision = "0007"

# A group is never anything else. `has_groups` is true while a live or staged spec of the app has any, so that a change
# of an app without groups, which is most of them, asks nothing more than the app's own row.
_COLUMNS = """
ALTER TABLE apps
    ADD COLUMN is_group boolean NOT NULL DEFAULT false,
    ADD COLUMN has_groups boolean NOT NULL DEFAULT false;
ALTER TABLE specs
    ADD COLUMN group_ids text[] NOT NULL DEFAULT '{}', ADD COLUMN group_names text[] NOT NULL DEFAULT '{}';
ALTER TABLE draft_specs
    ADD COLUMN group_ids text[] NOT NULL DEFAULT '{}', ADD COLUMN group_names text[] NOT NULL DEFAULT '{}';
"""

# Which apps have a group now: what their current and staged specs say, turned round. An index of the arrays would not
# do: row-level security lets no operator of arrays near an index, since it might tell of rows of other tenants.
_TABLES = """
CREATE TABLE group_uses (
    tenant text NOT NULL,
    app_id text NOT NULL,
    group_id text NOT NULL,
    staged boolean NOT NULL,
    PRIMARY KEY (tenant, app_id, group_id, staged)
);
CREATE INDEX group_uses_group ON group_uses (tenant, group_id);
ALTER TABLE group_uses ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON group_uses USING (tenant = current_setting('paas.tenant')::tenant_id);
"""

_INDEXES = """
CREATE INDEX IF NOT EXISTS apps_groups ON apps (tenant, name) WHERE is_group AND destroyed_at IS NULL;
"""

_GRANTS = """
GRANT UPDATE (has_groups) ON apps TO config;
GRANT SELECT, INSERT, DELETE ON group_uses TO config;
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
    op.execute(_TABLES)
    op.execute(_INDEXES)
    op.execute(_GRANTS)
