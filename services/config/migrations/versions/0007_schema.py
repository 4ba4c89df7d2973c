"""What an app's variables are to be is part of its spec."""

from alembic import op

revision = "0007"
down_revision = "0006"

_COLUMNS = """
ALTER TABLE specs ADD COLUMN schema text NOT NULL DEFAULT '';
ALTER TABLE draft_specs ADD COLUMN schema text NOT NULL DEFAULT '';
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
