"""Tokens say which person made them, also where they were made with another token; several may be presented at once."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Without a default, so that the table is not rewritten. It is empty for sign-ins, and for what a replica of the release
# before goes on to make.
_COLUMN = "ALTER TABLE tokens ADD COLUMN maker text"

# The owner sees no rows either while row-level security is forced; nobody else gets at the table in this transaction.
_UNLOCK = "ALTER TABLE tokens NO FORCE ROW LEVEL SECURITY"
_LOCK = "ALTER TABLE tokens FORCE ROW LEVEL SECURITY"
_MAKERS = """
WITH RECURSIVE made AS (
    SELECT t.tenant, t.token_id, t.creator AS maker FROM tokens t
    WHERE t.kind = 'pat' AND starts_with(t.creator, 'user:')
    UNION ALL
    SELECT t.tenant, t.token_id, made.maker FROM tokens t
    JOIN made ON t.tenant = made.tenant AND t.parent_id = made.token_id
    WHERE t.kind = 'pat' AND NOT starts_with(t.creator, 'user:'))
UPDATE tokens t SET maker = made.maker FROM made WHERE t.tenant = made.tenant AND t.token_id = made.token_id
"""

# Who has digests sees these rows, and nobody sees another. Replicas of the release before present one at a time.
_PRESENTED = """
ALTER POLICY presented_row ON tokens USING (
    encode(digest, 'hex') = ANY (string_to_array(NULLIF(current_setting('paas.token_digest', true), ''), ',')))
"""


def upgrade() -> None:
    for statement in (_COLUMN, _UNLOCK, _MAKERS, _LOCK, _PRESENTED):
        op.execute(statement)
