"""An app says whether it is a shared group. Those that are there are none: there were no groups."""

from alembic import op

revision = "0009"
down_revision = "0008"

# A constant: the table is not rewritten.
_COLUMN = "ALTER TABLE apps ADD COLUMN is_group boolean NOT NULL DEFAULT false"
_GRANT = "GRANT UPDATE (is_group) ON apps TO secrets"


def upgrade() -> None:
    op.execute(_COLUMN)
    op.execute(_GRANT)
