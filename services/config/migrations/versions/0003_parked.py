"""Messages that a destination refused are parked where they are, with the reason, and can be given back."""

from alembic import op

revision = "0003"
down_revision = "0002"

_COLUMNS = """
ALTER TABLE outbox
    ADD COLUMN parked_at timestamptz,
    ADD COLUMN parked_reason text,
    ADD CHECK ((parked_at IS NULL) = (parked_reason IS NULL));
CREATE INDEX outbox_waiting ON outbox (destination, id) WHERE parked_at IS NULL;
"""

# Until now a refused row was given another destination. It gets its own back, unless the same message was written
# again since: that one is enough.
_REFUSED_BEFORE = """
DELETE FROM outbox o USING outbox again
    WHERE o.destination = 'refused:' || again.destination AND o.key = again.key;
UPDATE outbox SET destination = substr(destination, length('refused:') + 1), parked_at = clock_timestamp(),
                  parked_reason = 'REFUSED_BEFORE'
    WHERE starts_with(destination, 'refused:');
"""

# Nothing changes a destination any more.
_GRANTS = """
REVOKE UPDATE (destination) ON outbox FROM config;
GRANT UPDATE (parked_at, parked_reason) ON outbox TO config;
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
    op.execute(_REFUSED_BEFORE)
    op.execute(_GRANTS)
