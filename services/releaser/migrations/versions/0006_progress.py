"""A release says how many instances run with it, ready or not, and how many are still of an older one."""

from alembic import op

revision = "0006"
down_revision = "0005"

_COLUMNS = """
ALTER TABLE releases
    ADD COLUMN instances_updated integer NOT NULL DEFAULT 0,
    ADD COLUMN instances_old integer NOT NULL DEFAULT 0;
GRANT UPDATE (instances_updated, instances_old) ON releases TO releaser;
"""


def upgrade() -> None:
    """Upgrade."""
    op.execute(_COLUMNS)
