"""Shared groups: what each release was given of them, and which apps' releases a group's own one is."""

from alembic import op

revision = "0009"
down_revision = "0008"

# Rows of before are as the constraint of before has it, and so as this one: nobody has to wait until they are read.
_RELEASES = """
ALTER TABLE releases
    DROP CONSTRAINT releases_kind,
    ADD CONSTRAINT releases_kind CHECK (kind IN ('change', 'manual', 'rollback', 'revert', 'group')) NOT VALID,
    ADD COLUMN fan_out text CONSTRAINT releases_fan_out CHECK (fan_out IN ('open', 'done')),
    ADD COLUMN stopped_by text;
GRANT UPDATE (fan_out, stopped_by) ON releases TO releaser;
"""

# NULL where config was not asked yet whether it is one.
_APPS = """
ALTER TABLE apps ADD COLUMN is_group boolean;
GRANT UPDATE (is_group) ON apps TO releaser;
"""

# What a release was ordered with has no place; what it was given, once that is settled, has its place in the order.
_PINS = """
CREATE TABLE pins (
    tenant text NOT NULL,
    app_id text NOT NULL,
    number bigint NOT NULL,
    group_id text NOT NULL,
    name text NOT NULL,
    place smallint,
    config_version bigint,
    secrets_version bigint,
    PRIMARY KEY (tenant, app_id, number, group_id),
    FOREIGN KEY (tenant, app_id, number) REFERENCES releases (tenant, app_id, number)
);
ALTER TABLE pins ENABLE ROW LEVEL SECURITY;
ALTER TABLE pins FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON pins USING (tenant = current_setting('paas.tenant')::tenant_id);
GRANT SELECT, INSERT, UPDATE (name, place, config_version, secrets_version) ON pins TO releaser;
"""

# `release` is NULL until it is the app's turn. An app that has the group no longer by then is no member.
_MEMBERS = """
CREATE TABLE members (
    tenant text NOT NULL,
    group_id text NOT NULL,
    number bigint NOT NULL,
    app_id text NOT NULL,
    app text NOT NULL,
    release bigint,
    PRIMARY KEY (tenant, group_id, number, app_id),
    FOREIGN KEY (tenant, group_id, number) REFERENCES releases (tenant, app_id, number),
    FOREIGN KEY (tenant, app_id) REFERENCES apps (tenant, app_id)
);
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE members FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON members USING (tenant = current_setting('paas.tenant')::tenant_id);
GRANT SELECT, INSERT, UPDATE (release), DELETE ON members TO releaser;
"""


def upgrade() -> None:
    """Upgrade."""
    for statements in (_RELEASES, _APPS, _PINS, _MEMBERS):
        op.execute(statements)
