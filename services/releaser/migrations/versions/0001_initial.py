"""The first schema: apps, their releases, the list of apps with work to do, the outbox, request ids."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    "CREATE DOMAIN tenant_id AS text CHECK (VALUE <> '')",
    """
    CREATE TABLE apps (
        tenant text NOT NULL,
        app_id text NOT NULL,
        name text,
        last_number bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        removed_at timestamptz,
        PRIMARY KEY (tenant, app_id),
        CONSTRAINT apps_name UNIQUE (tenant, name)
    )""",
    "ALTER TABLE apps ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE apps FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_rows ON apps USING (tenant = current_setting('paas.tenant')::tenant_id)",
    "GRANT SELECT, INSERT, UPDATE (name, last_number, removed_at) ON apps TO releaser",
    """
    CREATE TABLE releases (
        tenant text NOT NULL,
        app_id text NOT NULL,
        number bigint NOT NULL,
        change_id text NOT NULL,
        kind text NOT NULL CONSTRAINT releases_kind CHECK (kind IN ('change', 'manual', 'rollback', 'revert')),
        state text NOT NULL
            CONSTRAINT releases_state CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'superseded')),
        undo_due boolean NOT NULL DEFAULT false,
        description text NOT NULL,
        actor text NOT NULL,
        config_version bigint NOT NULL DEFAULT 0,
        secrets_version bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        started_at timestamptz,
        finished_at timestamptz,
        message text NOT NULL DEFAULT '',
        instances_ready integer NOT NULL DEFAULT 0,
        instances_total integer NOT NULL DEFAULT 0,
        superseded_by bigint NOT NULL DEFAULT 0,
        reverted_to bigint NOT NULL DEFAULT 0,
        revert_release bigint NOT NULL DEFAULT 0,
        reverted_names text[] NOT NULL DEFAULT '{}',
        source_release bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (tenant, app_id, number),
        CONSTRAINT releases_change UNIQUE (tenant, app_id, change_id),
        CONSTRAINT releases_end CHECK ((finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'superseded'))),
        FOREIGN KEY (tenant, app_id) REFERENCES apps (tenant, app_id)
    )""",
    """
    CREATE INDEX releases_open ON releases (tenant, app_id, number)
        WHERE state IN ('queued', 'running') OR undo_due""",
    "ALTER TABLE releases ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE releases FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_rows ON releases USING (tenant = current_setting('paas.tenant')::tenant_id)",
    # What a release is for and when it was asked for never change; what becomes of it does.
    """
    GRANT SELECT, INSERT, UPDATE (state, undo_due, config_version, secrets_version, started_at, finished_at, message,
        instances_ready, instances_total, superseded_by, reverted_to, revert_release, reverted_names)
        ON releases TO releaser""",
    # One row for each app with something to do, whoever's it is: no row-level security, so that a runner finds work
    # without being able to see the tenants' releases.
    """
    CREATE TABLE work (
        tenant text NOT NULL,
        app_id text NOT NULL,
        removal boolean NOT NULL DEFAULT false,
        lease_holder text,
        lease_until timestamptz,
        not_before timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, app_id)
    )""",
    "CREATE INDEX work_due ON work (not_before)",
    "GRANT SELECT, INSERT, UPDATE (removal, lease_holder, lease_until, not_before), DELETE ON work TO releaser",
    """
    CREATE TABLE outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        destination text NOT NULL,
        key text NOT NULL,
        payload bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (destination, key)
    )""",
    "GRANT SELECT, INSERT, UPDATE (destination), DELETE ON outbox TO releaser",
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
    "GRANT SELECT, INSERT, DELETE ON requests TO releaser",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
