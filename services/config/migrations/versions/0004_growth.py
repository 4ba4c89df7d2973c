"""What is looked for whatever the history is found by an index, and remembered requests expire on a schedule."""

from alembic import op

revision = "0004"
down_revision = "0003"

# The last app destroyed of a name is the only one that may have remains elsewhere.
# An index of the outbox by id alone could be taken for the next rows of a destination, past those of all others.
_INDEXES = """
CREATE UNIQUE INDEX IF NOT EXISTS specs_current ON specs (tenant, app_id) WHERE valid_to IS NULL;
CREATE INDEX IF NOT EXISTS apps_last_destroyed ON apps (tenant, name, destroyed_at) WHERE destroyed_at IS NOT NULL;
DROP INDEX apps_destroyed_name;
CREATE INDEX IF NOT EXISTS requests_created ON requests (created_at);
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
"""

# See docs/decisions/0023: the owner sees what has expired, of every tenant, and nothing else; the service has no right
# but to have so many rows of that deleted.
_EXPIRY = """
ALTER POLICY tenant_rows ON requests TO config;
CREATE POLICY expired_rows ON requests TO config_owner USING (created_at < now() - interval '24 hours');
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
GRANT EXECUTE ON FUNCTION expire_requests TO config;
"""


def upgrade() -> None:
    op.execute(_INDEXES)
    op.execute(_EXPIRY)
