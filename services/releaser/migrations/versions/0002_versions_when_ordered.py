"""Releases with the versions they were ordered with, NULL where there is nothing; what is begun across services."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_NUMBERS = ("config_version", "secrets_version", "superseded_by", "reverted_to", "revert_release", "source_release")

_STATEMENTS = (
    # The greatest versions that were ever ordered. An app is not settled while there may be orders that named none:
    # then config and secrets are asked when its next release starts. That is so for every app from before.
    """
    ALTER TABLE apps
        ADD COLUMN config_version bigint,
        ADD COLUMN secrets_version bigint,
        ADD COLUMN settled boolean NOT NULL DEFAULT true""",
    "GRANT UPDATE (config_version, secrets_version, settled) ON apps TO releaser",
    # A change whose halves came apart has a release for each.
    "ALTER TABLE releases DROP CONSTRAINT releases_change",
    """
    ALTER TABLE releases
        ADD COLUMN part smallint NOT NULL DEFAULT 1,
        ADD COLUMN changes jsonb NOT NULL DEFAULT '[]',
        ADD COLUMN reverted_secrets text[] NOT NULL DEFAULT '{}',
        ADD CONSTRAINT releases_change UNIQUE (tenant, app_id, change_id, part)""",
    *(
        f"ALTER TABLE releases ALTER COLUMN {column} DROP NOT NULL, ALTER COLUMN {column} DROP DEFAULT"
        for column in _NUMBERS
    ),
    "GRANT UPDATE (changes, reverted_secrets) ON releases TO releaser",
    # Row-level security is forced on the owner as well, and these are every tenant's rows.
    "ALTER TABLE apps NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE releases NO FORCE ROW LEVEL SECURITY",
    f"UPDATE releases SET {', '.join(f'{column} = nullif({column}, 0)' for column in _NUMBERS)}",
    # An undoing that was begun is begun anew, name by name: what was taken back already no longer stands.
    "UPDATE releases SET reverted_to = NULL WHERE undo_due",
    # Which of these are secrets is not known, so all of them are shown to those only who may list secrets.
    "UPDATE releases SET reverted_secrets = reverted_names, reverted_names = '{}' WHERE reverted_names <> '{}'",
    """
    UPDATE apps SET settled = false,
        config_version = (SELECT max(r.config_version) FROM releases r
                          WHERE r.tenant = apps.tenant AND r.app_id = apps.app_id),
        secrets_version = (SELECT max(r.secrets_version) FROM releases r
                           WHERE r.tenant = apps.tenant AND r.app_id = apps.app_id)""",
    "ALTER TABLE apps FORCE ROW LEVEL SECURITY",
    "ALTER TABLE releases FORCE ROW LEVEL SECURITY",
    # What is about to be asked of config and secrets, one after the other, written down before the first is asked. No
    # row-level security, like `work`: whoever finishes what another process began has to find it, whoever's it is. It
    # holds names of variables and of people, and no value.
    """
    CREATE TABLE intents (
        tenant text NOT NULL,
        app_id text NOT NULL,
        change_id text NOT NULL,
        plan jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (tenant, app_id, change_id)
    )""",
    "CREATE INDEX intents_age ON intents (created_at)",
    "GRANT SELECT, INSERT, DELETE ON intents TO releaser",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
