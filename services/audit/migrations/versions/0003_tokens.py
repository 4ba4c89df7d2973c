"""Events say which token was used or meant and who made it, and may tell of several denials at once."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Defaults of constants: the table is not rewritten. They are what the events that are there have, and what a replica of
# the release before goes on to append, in the formats whose leaves don't cover these columns.
_STATEMENTS = (
    """
    ALTER TABLE events
        ADD COLUMN token_id text NOT NULL DEFAULT '',
        ADD COLUMN maker text NOT NULL DEFAULT '',
        ADD COLUMN target_token_ids text[] NOT NULL DEFAULT '{}',
        ADD COLUMN target_makers text[] NOT NULL DEFAULT '{}',
        ADD COLUMN repeats bigint NOT NULL DEFAULT 0,
        ADD COLUMN repeats_seconds bigint NOT NULL DEFAULT 0,
        DROP CONSTRAINT events_leaf_format,
        ADD CONSTRAINT events_leaf_format CHECK (leaf_format IN (1, 2, 3))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
