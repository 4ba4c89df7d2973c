"""A token never grants more than its maker has now: what the maker may do is kept beside it."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Without defaults, so that the table is not rewritten. Nothing there: nothing limits the token but itself, as it is for
# all that a replica of the release before makes.
_COLUMNS = """
ALTER TABLE tokens ADD COLUMN maker_id text, ADD COLUMN maker_permissions text[];
GRANT UPDATE (maker_permissions) ON tokens TO tokens;
CREATE INDEX tokens_of_maker ON tokens (maker_id, tenant, token_id) WHERE maker_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX tokens_of_person ON tokens (tenant, maker, expires_at) WHERE maker_id IS NULL AND revoked_at IS NULL;
"""

# The identity provider is asked about makers of every tenant. As with what expires (docs/decisions/0023), the owner
# sees the rows that it takes, and the service can ask for nothing but whose tokens there are.
_MAKERS = """
CREATE POLICY makers_of_the_living ON tokens FOR SELECT TO tokens_owner
    USING (maker_id IS NOT NULL AND revoked_at IS NULL);
CREATE FUNCTION makers(after_maker text, after_tenant text, most integer)
    RETURNS TABLE (tenant text, maker_id text, known text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT t.tenant, t.maker_id, array_agg(DISTINCT array_to_string(t.maker_permissions, ',')) FROM public.tokens t
    WHERE t.maker_id IS NOT NULL AND t.revoked_at IS NULL AND t.expires_at > now()
      AND (t.maker_id, t.tenant) > (after_maker, after_tenant)
    GROUP BY t.maker_id, t.tenant ORDER BY t.maker_id, t.tenant LIMIT most
$$;
REVOKE ALL ON FUNCTION makers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION makers TO tokens;
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
    op.execute(_MAKERS)
