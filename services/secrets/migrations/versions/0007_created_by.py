"""A value says who stored it. Of those that are there it is not known."""

from alembic import op

revision = "0007"
down_revision = "0006"

# A constant: the table is not rewritten.
_COLUMN = "ALTER TABLE sealed ADD COLUMN created_by text NOT NULL DEFAULT ''"


def upgrade() -> None:
    op.execute(_COLUMN)
