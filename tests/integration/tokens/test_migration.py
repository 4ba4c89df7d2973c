"""A database of before makers were kept: every token gets the person it goes back to, whoever asked for it."""

import grpc

from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.tokens.store import Store
from tests.fixtures.postgres import Databases
from tests.integration.tokens.builders import find

_INSERT = """
    INSERT INTO tokens (tenant, token_id, kind, name, digest, permissions, creator, parent_id, created_at, expires_at)
    SELECT %s, t.id, t.kind, t.name, sha256(convert_to(%s || t.id, 'UTF8')), '{}', t.creator, t.parent, now(),
        now() + interval '1 day'
    FROM (VALUES
        ('s1', 'user', 'ada', 'service:operator', NULL),
        ('p1', 'pat', 'ci', 'user:ada', 's1'),
        ('p2', 'pat', 'below', 'pat:ci', 'p1'),
        ('p3', 'pat', 'lowest', 'pat:below', 'p2'),
        ('p4', 'pat', 'orphan', 'pat:gone', 'p9')) AS t (id, kind, name, creator, parent)"""


async def test_tokens_of_before_have_their_makers(databases: Databases) -> None:
    with databases.earlier("tokens", revision="0003") as earlier:
        for tenant in ("acme", "rival"):
            earlier.look(_INSERT, (tenant, tenant))
        earlier.upgrade()
        assert earlier.look("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'tokens'") == [(True,)]
        # What a replica of the release before makes once the schema is new.
        earlier.look(_INSERT.replace("t.id, t.kind", "'new-' || t.id, t.kind"), ("acme", "later"))
        async with earlier.open() as database, grpc.aio.insecure_channel("127.0.0.1:1") as nowhere:
            store = Store(database, WritePath(database, trail=Trail(database, nowhere)))
            makers = {}
            for tenant, token_id in (("acme", f"p{n}") for n in range(1, 5)):
                token = await find(store, tenant, token_id)
                assert token is not None
                makers[token_id] = token.maker
            sign_in, new = await find(store, "rival", "s1"), await find(store, "acme", "new-p1")
    assert makers == {"p1": "user:ada", "p2": "user:ada", "p3": "user:ada", "p4": "pat:gone"}
    assert sign_in is not None
    assert new is not None
    assert (sign_in.maker, sign_in.person, new.maker) == ("", "user:ada", "user:ada")
