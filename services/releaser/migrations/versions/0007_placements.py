"""Where in a Kubernetes cluster an app is, what of it was put there, and what somebody changed of it past us.

And the end of what a failing instance of a release wrote.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_STATEMENTS = (
    # No row-level security, like `work`: whoever looks after what runs has to find it, whoever's it is. It holds names
    # of apps and of objects in the cluster, and no value.
    """
    CREATE TABLE placements (
        tenant text NOT NULL,
        app_id text NOT NULL,
        app text NOT NULL,
        namespace text NOT NULL,
        name text NOT NULL,
        container text NOT NULL,
        adopted boolean NOT NULL,
        instances integer,
        good bigint,
        secrets bigint[] NOT NULL DEFAULT '{}',
        plain text[] NOT NULL DEFAULT '{}',
        sealed text[] NOT NULL DEFAULT '{}',
        drift_by text,
        drift_names text[] NOT NULL DEFAULT '{}',
        drift_at timestamptz,
        PRIMARY KEY (tenant, app_id)
    )
    """,
    # So that the namespaces are listed without going through every app.
    "CREATE INDEX placements_namespaces ON placements (namespace)",
    """
    GRANT SELECT, INSERT, UPDATE (container, instances, good, secrets, plain, sealed, drift_by, drift_names,
        drift_at), DELETE ON placements TO releaser
    """,
    "ALTER TABLE releases ADD COLUMN output text NOT NULL DEFAULT ''",
    "GRANT UPDATE (output) ON releases TO releaser",
)


def upgrade() -> None:
    """Upgrade."""
    for statement in _STATEMENTS:
        op.execute(statement)
