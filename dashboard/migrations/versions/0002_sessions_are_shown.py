"""With which browser a session is, and how somebody came, for a list of them; and when somebody was last signed out.

No sign-in at the identity provider from before that counts.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    ALTER TABLE sessions
        ADD COLUMN kind text NOT NULL DEFAULT 'link' CONSTRAINT sessions_kind CHECK (kind IN ('sso', 'link')),
        ADD COLUMN browser text NOT NULL DEFAULT '' CONSTRAINT sessions_browser CHECK (length(browser) <= 100)""",
    """
    CREATE TABLE signed_out (
        tenant text NOT NULL,
        subject text NOT NULL,
        at timestamptz NOT NULL,
        PRIMARY KEY (tenant, subject)
    )""",
    "GRANT SELECT, INSERT, DELETE, UPDATE (at) ON signed_out TO dashboard",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
