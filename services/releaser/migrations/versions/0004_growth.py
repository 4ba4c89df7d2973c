"""What is looked for whatever the history is found by an index, and remembered requests expire on a schedule."""

from alembic import op

revision = "0004"
down_revision = "0003"

# `releases_change` begins with the change: an index that had the app first as well could be taken for the one that goes
# on with the number.
# An index of the outbox by id alone could be taken for the next rows of a destination, past those of all others.
_INDEXES = """
CREATE INDEX IF NOT EXISTS releases_succeeded ON releases (tenant, app_id, number) WHERE state = 'succeeded';
CREATE INDEX IF NOT EXISTS releases_started ON releases (tenant, app_id, number) WHERE started_at IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS releases_change_first ON releases (tenant, change_id, app_id, part);
ALTER TABLE releases DROP CONSTRAINT releases_change;
ALTER TABLE releases ADD CONSTRAINT releases_change UNIQUE USING INDEX releases_change_first;
CREATE INDEX IF NOT EXISTS requests_created ON requests (created_at);
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
"""

# See docs/decisions/0023: the owner sees what has expired, of every tenant, and nothing else; the service has no right
# but to have so many rows of that deleted.
_EXPIRY = """
ALTER POLICY tenant_rows ON requests TO releaser;
CREATE POLICY expired_rows ON requests TO releaser_owner USING (created_at < now() - interval '24 hours');
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
GRANT EXECUTE ON FUNCTION expire_requests TO releaser;
"""


def upgrade() -> None:
    op.execute(_INDEXES)
    op.execute(_EXPIRY)
