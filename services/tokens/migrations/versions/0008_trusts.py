"""Trusts, and which tokens of CI systems were exchanged already."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TRUSTS = """
CREATE TABLE trusts (
    tenant text NOT NULL,
    trust_id text NOT NULL,
    name text NOT NULL,
    issuer text NOT NULL,
    provider text NOT NULL CONSTRAINT trusts_provider CHECK (provider IN ('github', 'gitlab', 'circleci', 'other')),
    audience text NOT NULL,
    subject text NOT NULL,
    claims text[] NOT NULL,
    claim_values text[] NOT NULL,
    allow_pull_requests boolean NOT NULL,
    permissions text[] NOT NULL,
    apps text[],
    app_ids text[],
    ttl_seconds integer NOT NULL CONSTRAINT trusts_ttl CHECK (ttl_seconds BETWEEN 60 AND 900),
    maker text NOT NULL,
    maker_id text,
    maker_permissions text[] NOT NULL,
    parent_id text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, trust_id),
    CONSTRAINT trusts_name UNIQUE (tenant, name),
    CONSTRAINT trusts_claims CHECK (cardinality(claims) = cardinality(claim_values))
);
CREATE INDEX trusts_named ON trusts (trust_id);
CREATE INDEX trusts_of_maker ON trusts (maker_id, tenant) WHERE maker_id IS NOT NULL;
ALTER TABLE trusts ENABLE ROW LEVEL SECURITY;
ALTER TABLE trusts FORCE ROW LEVEL SECURITY;
"""

# As with tokens: who presents a trust's id, which nobody can guess, sees its row before its tenant is known, and nobody
# sees another. One condition, so that it is one look into one index.
_POLICIES = """
CREATE POLICY tenant_rows_or_the_presented ON trusts FOR SELECT USING (
    CASE WHEN NULLIF(current_setting('paas.tenant', true), '') IS NULL
        THEN trust_id = NULLIF(current_setting('paas.trust', true), '')
        ELSE tenant = current_setting('paas.tenant', true) END);
CREATE POLICY added_rows ON trusts FOR INSERT
    WITH CHECK (tenant = NULLIF(current_setting('paas.tenant', true), ''));
CREATE POLICY changed_rows ON trusts FOR UPDATE
    USING (tenant = NULLIF(current_setting('paas.tenant', true), ''));
CREATE POLICY ended_rows ON trusts FOR DELETE
    USING (tenant = NULLIF(current_setting('paas.tenant', true), ''));
GRANT SELECT, INSERT, UPDATE (maker_permissions), DELETE ON trusts TO tokens;
"""

# Each row is there until what it stands for has ended, and the token that was given as well.
_EXCHANGES = """
CREATE TABLE exchanges (
    tenant text NOT NULL,
    mark bytea NOT NULL CONSTRAINT exchanges_mark_size CHECK (octet_length(mark) = 32),
    trust_id text NOT NULL,
    token_id text NOT NULL,
    exchanged_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, mark)
);
CREATE INDEX exchanges_of_trust ON exchanges (tenant, trust_id, exchanged_at);
CREATE INDEX exchanges_expired ON exchanges (expires_at);
ALTER TABLE exchanges ENABLE ROW LEVEL SECURITY;
ALTER TABLE exchanges FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON exchanges TO tokens USING (tenant = current_setting('paas.tenant')::tenant_id);
CREATE POLICY expired_rows ON exchanges TO tokens_owner USING (expires_at < now());
GRANT SELECT, INSERT ON exchanges TO tokens;
CREATE FUNCTION expire_exchanges(most integer) RETURNS integer
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH expired AS MATERIALIZED (
        SELECT tenant, mark FROM public.exchanges
        WHERE expires_at < now() ORDER BY expires_at LIMIT most FOR UPDATE SKIP LOCKED),
    gone AS (
        DELETE FROM public.exchanges x USING expired e WHERE x.tenant = e.tenant AND x.mark = e.mark RETURNING 1)
    SELECT count(*)::integer FROM gone
$$;
REVOKE ALL ON FUNCTION expire_exchanges FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expire_exchanges TO tokens;
"""

# The identity provider is asked about who made trusts as well. Each table by its own index, and the first of both.
_MAKERS = """
CREATE POLICY makers_of_trusts ON trusts FOR SELECT TO tokens_owner USING (maker_id IS NOT NULL);
CREATE OR REPLACE FUNCTION makers(after_maker text, after_tenant text, most integer)
    RETURNS TABLE (tenant text, maker_id text, known text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.tenant, m.maker_id, array_agg(DISTINCT k.known) FROM (
        (SELECT t.tenant, t.maker_id, array_agg(DISTINCT array_to_string(t.maker_permissions, ',')) AS known
         FROM public.tokens t
         WHERE t.maker_id IS NOT NULL AND t.revoked_at IS NULL AND t.expires_at > now()
           AND (t.maker_id, t.tenant) > (after_maker, after_tenant)
         GROUP BY t.maker_id, t.tenant ORDER BY t.maker_id, t.tenant LIMIT most)
        UNION ALL
        (SELECT t.tenant, t.maker_id, array_agg(DISTINCT array_to_string(t.maker_permissions, ',')) AS known
         FROM public.trusts t
         WHERE t.maker_id IS NOT NULL AND (t.maker_id, t.tenant) > (after_maker, after_tenant)
         GROUP BY t.maker_id, t.tenant ORDER BY t.maker_id, t.tenant LIMIT most)
    ) m CROSS JOIN LATERAL unnest(m.known) AS k (known)
    GROUP BY m.maker_id, m.tenant ORDER BY m.maker_id, m.tenant LIMIT most
$$;
"""


def upgrade() -> None:
    op.execute(_TRUSTS)
    op.execute(_POLICIES)
    op.execute(_EXCHANGES)
    op.execute(_MAKERS)
