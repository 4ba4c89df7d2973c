"""A token that was rotated ends earlier than it would have, and never later."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Whatever a service of any release writes: what once had an end never gets a later one (CVE-2021-32923).
_SHORTEN = """
GRANT UPDATE (expires_at) ON tokens TO tokens;
CREATE FUNCTION token_end_comes_nearer() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.expires_at > OLD.expires_at THEN
        RAISE EXCEPTION 'a token never lives longer than it was made for' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION token_end_comes_nearer FROM PUBLIC;
CREATE TRIGGER tokens_end_comes_nearer BEFORE UPDATE OF expires_at ON tokens
    FOR EACH ROW EXECUTE FUNCTION token_end_comes_nearer();
"""


def upgrade() -> None:
    op.execute(_SHORTEN)
