"""How many apps of a tenant are worked on is found without going through those that wait."""

from alembic import op

revision = "0005"
down_revision = "0004"

_LEASED = "CREATE INDEX IF NOT EXISTS work_leased ON work (lease_until, tenant) WHERE lease_until IS NOT NULL"


def upgrade() -> None:
    """Upgrade."""
    op.execute(_LEASED)
