"""A release that failed says whether nothing of it was applied, so that nothing has to be put right for it."""

from alembic import op

revision = "0008"
down_revision = "0007"

# Whatever a replica of the release before ends was applied, as far as is known.
_COLUMNS = """
ALTER TABLE releases ADD COLUMN untouched boolean NOT NULL DEFAULT false;
GRANT UPDATE (untouched) ON releases TO releaser;
"""


def upgrade() -> None:
    """Upgrade."""
    op.execute(_COLUMNS)
