"""Events of one action in one app are found by an index, however many others either has."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX IF NOT EXISTS events_by_app_and_action ON events (tenant, app, action, sequence)")
