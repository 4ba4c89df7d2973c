"""What is looked for whatever the history is found by an index, and remembered requests expire on a schedule."""

from alembic import op

revision = "0004"
down_revision = "0003"

# A past version is what is current and older than it, and what was closed since, as in config.
# An index of the outbox by id alone could be taken for the next rows of a destination, past those of all others.
_INDEXES = """
CREATE INDEX IF NOT EXISTS sealed_closed ON sealed (tenant, app_id, valid_to) WHERE valid_to IS NOT NULL;
CREATE INDEX IF NOT EXISTS requests_created ON requests (created_at);
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
"""

# See docs/decisions/0023: the owner sees what has expired, of every tenant, and nothing else; the service has no right
# but to have so many rows of that deleted.
_EXPIRY = """
ALTER POLICY tenant_rows ON requests TO secrets;
CREATE POLICY expired_rows ON requests TO secrets_owner USING (created_at < now() - interval '24 hours');
CREATE FUNCTION expire_requests(most integer) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH expired AS MATERIALIZED (
        SELECT tenant, request_id, subject FROM public.requests
        WHERE created_at < now() - interval '24 hours' ORDER BY created_at LIMIT most FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM public.requests r USING expired e
        WHERE r.tenant = e.tenant AND r.request_id = e.request_id AND r.subject = e.subject RETURNING 1)
    SELECT count(*)::integer FROM gone
$$;
REVOKE ALL ON FUNCTION expire_requests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_requests TO secrets;
"""


def upgrade() -> None:
    op.execute(_INDEXES)
    op.execute(_EXPIRY)
