"""How an app is rolled out is part of its spec; what it adopts is its own, from its making to its end."""

from alembic import op

revision = "0005"
down_revision = "0004"

# What an app adopts never changes: it is in no column that the service may update, and in no version of a spec.
_COLUMNS = """
ALTER TABLE specs ADD COLUMN ready_timeout_seconds integer, ADD COLUMN all_at_once boolean NOT NULL DEFAULT false;
ALTER TABLE draft_specs
    ADD COLUMN ready_timeout_seconds integer, ADD COLUMN all_at_once boolean NOT NULL DEFAULT false;
ALTER TABLE apps
    ADD COLUMN adopted_namespace text,
    ADD COLUMN adopted_deployment text,
    ADD COLUMN adopted_container text,
    ADD CONSTRAINT apps_adopted_whole CHECK (
        num_nulls(adopted_namespace, adopted_deployment, adopted_container) IN (0, 3));
"""

_INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS apps_adopted
    ON apps (tenant, adopted_namespace, adopted_deployment, adopted_container)
    WHERE destroyed_at IS NULL AND adopted_namespace IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
    op.execute(_INDEXES)
