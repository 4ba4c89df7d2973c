"""An event may say why: what somebody gave as their reason for revealing a secret."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A constant: no part is rewritten. It is what the events have that are there, whose entries stay as they are: what is
# empty is in no entry.
_REASON = "ALTER TABLE events ADD COLUMN reason text NOT NULL DEFAULT ''"


def upgrade() -> None:
    op.execute(_REASON)
