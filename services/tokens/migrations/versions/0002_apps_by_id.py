"""Tokens limited to apps are limited to their ids; those that there are have names alone, and reach no app."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    # In the order of `apps`. Without a default, so that the table is not rewritten.
    "ALTER TABLE tokens ADD COLUMN app_ids text[]",
    """
    ALTER TABLE tokens ADD CONSTRAINT tokens_app_ids
        CHECK (app_ids IS NULL OR (apps IS NOT NULL AND cardinality(app_ids) = cardinality(apps)))""",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
