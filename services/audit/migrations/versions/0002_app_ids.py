"""Events say which app they are about by its id as well, and rows say which format their leaf has."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # Defaults of constants: the table is not rewritten. They are what the events that are there have, whose leaves are
    # hashes of format 1, without an app's id; and what a replica of the release before goes on to append.
    "ALTER TABLE events ADD COLUMN app_id text NOT NULL DEFAULT ''",
    """
    ALTER TABLE events ADD COLUMN leaf_format smallint NOT NULL DEFAULT 1
        CONSTRAINT events_leaf_format CHECK (leaf_format IN (1, 2))""",
    "CREATE INDEX events_by_app_id ON events (tenant, app_id, sequence)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
