"""What was done with a token is found by its id, whatever the token's name has meant before and since."""

from typing import Final

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# As the lists of migration 0005: by kind, and within a kind in the order of the log.
_PERSONAL: Final = """(actor COLLATE "C" < 'service:' OR actor COLLATE "C" >= 'service;' OR on_behalf_of <> '')"""
_INDEX: Final = f"""
CREATE INDEX IF NOT EXISTS events_of_token ON events (tenant, token_id, action, outcome, ({_PERSONAL}), sequence)
    WHERE token_id <> ''
"""


def upgrade() -> None:
    op.execute(_INDEX)
