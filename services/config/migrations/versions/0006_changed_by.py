"""A variable says when it became what it is, and by whom. Of those that are there it is not known."""

from alembic import op

revision = "0006"
down_revision = "0005"

# Neither rewrites the table: the time is only written into rows to come, those of a replica of the release before too.
_COLUMNS = """
ALTER TABLE vars ADD COLUMN changed_at timestamptz, ADD COLUMN changed_by text NOT NULL DEFAULT '';
ALTER TABLE vars ALTER COLUMN changed_at SET DEFAULT clock_timestamp();
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
