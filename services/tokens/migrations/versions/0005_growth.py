"""What is looked for whatever the history is found by an index, and remembered requests expire on a schedule."""

from alembic import op

revision = "0005"
down_revision = "0004"

# Tokens that ended stay: those of a name, or of a person who signs in every day, become many. `tokens_by_age` was for
# the list alone, which is of PATs that nobody revoked.
# An index of the outbox by id alone could be taken for the next rows of a destination, past those of all others.
_INDEXES = """
CREATE INDEX IF NOT EXISTS tokens_listed ON tokens (tenant, created_at, token_id)
    WHERE kind = 'pat' AND revoked_at IS NULL;
CREATE INDEX IF NOT EXISTS tokens_living ON tokens (tenant, kind, name, expires_at);
DROP INDEX tokens_by_age;
DROP INDEX tokens_by_name;
CREATE INDEX IF NOT EXISTS requests_created ON requests (created_at);
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
"""

# One condition for reading, which is no OR: that of two policies was taken for two conditions of an index, each on the
# tenant alone.
_POLICIES = """
DROP POLICY tenant_rows ON tokens;
DROP POLICY presented_row ON tokens;
CREATE POLICY tenant_rows_or_the_presented ON tokens FOR SELECT USING (
    CASE WHEN NULLIF(current_setting('paas.tenant', true), '') IS NULL
        THEN encode(digest, 'hex') = ANY (string_to_array(NULLIF(current_setting('paas.token_digest', true), ''), ','))
        ELSE tenant = current_setting('paas.tenant', true) END);
CREATE POLICY added_rows ON tokens FOR INSERT
    WITH CHECK (tenant = NULLIF(current_setting('paas.tenant', true), ''));
CREATE POLICY changed_rows ON tokens FOR UPDATE
    USING (tenant = NULLIF(current_setting('paas.tenant', true), ''));
"""

# See docs/decisions/0023: the owner sees what has expired, of every tenant, and nothing else; the service has no right
# but to have so many rows of that deleted.
_EXPIRY = """
ALTER POLICY tenant_rows ON requests TO tokens;
CREATE POLICY expired_rows ON requests TO tokens_owner USING (created_at < now() - interval '24 hours');
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
GRANT EXECUTE ON FUNCTION expire_requests TO tokens;
"""


def upgrade() -> None:
    op.execute(_INDEXES)
    op.execute(_POLICIES)
    op.execute(_EXPIRY)
