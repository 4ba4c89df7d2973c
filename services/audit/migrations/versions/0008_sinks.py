"""Which sinks the log is sent to, since when, and how far each has come in each tenant's log."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# Outside of row-level security as `logs` is: names of sinks, random ids and numbers. A sink without a time began with
# the log.
_TABLES = """
CREATE TABLE sinks (
    sink text PRIMARY KEY CHECK (sink <> ''),
    since timestamptz
);
CREATE TABLE deliveries (
    sink text NOT NULL REFERENCES sinks (sink),
    log_id text NOT NULL REFERENCES logs (log_id),
    sequence bigint NOT NULL CHECK (sequence >= 0),
    PRIMARY KEY (sink, log_id)
);
GRANT SELECT, INSERT ON sinks TO audit;
GRANT SELECT ON deliveries TO audit;
"""

# One row for each sink and log, which only goes forward: see docs/decisions/0053. The service has no right but to have
# this done, so there is still nothing that its role may UPDATE.
_FORWARD = """
CREATE FUNCTION note_delivered(to_sink text, of_log text, up_to bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO public.deliveries AS d (sink, log_id, sequence) VALUES (to_sink, of_log, up_to)
    ON CONFLICT (sink, log_id) DO UPDATE SET sequence = EXCLUDED.sequence WHERE d.sequence < EXCLUDED.sequence
$$;
REVOKE ALL ON FUNCTION note_delivered FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_delivered TO audit;
"""


def upgrade() -> None:
    op.execute(_TABLES)
    op.execute(_FORWARD)
