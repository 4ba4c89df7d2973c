"""A value has an end, is to be rotated so often, and it is kept when it was given out last; ends are reminded of."""

from alembic import op

revision = "0008"
down_revision = "0007"

# Nothing that is stored has any of it, so the table is not rewritten.
_COLUMNS = """
ALTER TABLE sealed
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN expires_seconds integer,
    ADD COLUMN rotate_seconds integer,
    ADD COLUMN rotate_at timestamptz,
    ADD COLUMN delivered_at timestamptz;
ALTER TABLE drafts
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN expires_seconds integer,
    ADD COLUMN rotate_seconds integer;
"""

# Lists of all apps, each in its order. Each index has a condition that what looks for an app's values has not: that
# could be taken to be found there otherwise, past those of all other apps.
_INDEXES = """
CREATE INDEX IF NOT EXISTS sealed_expiry ON sealed (tenant, expires_at, app_id, name)
    WHERE valid_to IS NULL AND kind = 'secret' AND expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sealed_rotation ON sealed (tenant, rotate_at, app_id, name)
    WHERE valid_to IS NULL AND kind = 'secret' AND rotate_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sealed_age ON sealed (tenant, created_at, app_id, name)
    WHERE valid_to IS NULL AND kind = 'secret' AND created_at > '-infinity';
CREATE INDEX IF NOT EXISTS sealed_delivered ON sealed (tenant, delivered_at, app_id, name)
    WHERE valid_to IS NULL AND kind = 'secret' AND delivered_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS sealed_undelivered ON sealed (tenant, created_at, app_id, name)
    WHERE valid_to IS NULL AND kind = 'secret' AND delivered_at IS NULL;
"""

# Of what was given out before a service wrote it down, nothing is known: a list must not take it for never.
_TABLES = """
CREATE TABLE reminders (
    tenant text NOT NULL,
    app_id text NOT NULL,
    name text NOT NULL,
    due timestamptz NOT NULL,
    PRIMARY KEY (tenant, app_id, name)
);
CREATE INDEX reminders_due ON reminders (due);

CREATE TABLE delivery_records (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""

# The end of a value that stands may be moved, and it is kept when it was given out; what it is stays.
# reminders holds names and times only, and is read across tenants by the job that reminds.
_GRANTS = """
GRANT UPDATE (expires_at, expires_seconds, rotate_seconds, rotate_at, delivered_at) ON sealed TO secrets;
GRANT UPDATE (expires_at, expires_seconds, rotate_seconds) ON drafts TO secrets;
GRANT SELECT, INSERT, UPDATE (due), DELETE ON reminders TO secrets;
GRANT SELECT, INSERT ON delivery_records TO secrets;
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
    op.execute(_INDEXES)
    op.execute(_TABLES)
    op.execute(_GRANTS)
