"""60,000 changed tokens at the sign-in check, none accepted; only one that could be a token is looked up at all.

The check is the real one, asked as Envoy asks it, over a store that counts. Leaves out the transport: test_gateway.py.
"""

import random
from collections import Counter
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2

from services.tokens.check.authentication import PatAuthenticator, SignInCheck
from services.tokens.check.authorization import AuthorizationServicer
from services.tokens.check.leases import LeasedTokens
from services.tokens.check.signing import Signer
from services.tokens.check.usage import Usage
from services.tokens.check.wrong_tokens import WrongTokens
from tests.abuse.credentials.pats import KINDS, Headers, could_be_one, is_the_token
from tests.abuse.seeds import SEED
from tests.unit.tokens.workbench import Workbench, actor_of

CHANGED = 60_000


class Door:
    """The sign-in check with everything behind it but the database."""

    def __init__(self) -> None:
        self.bench = Workbench()
        store = self.bench.store

        async def record(_event: object) -> None:
            return None

        authenticator = PatAuthenticator(
            LeasedTokens(store.find_by_digest).find,
            usage=Usage(store, record=record),
            # As if each had been seen lately, so that none of so many has to wait.
            wrong_tokens=WrongTokens(has_seen=lambda _: True),
        )
        check = SignInCheck([authenticator], signer=Signer(Ed25519PrivateKey.generate()), clock=self.bench.clock)
        self._servicer = AuthorizationServicer(check)

    async def admits(self, headers: Headers) -> bool:
        """Whether a request with these `authorization` headers gets in. Exactly one answer is given."""
        pairs = [base_pb2.HeaderValue(key="authorization", raw_value=value) for value in headers]
        http = attribute_context_pb2.AttributeContext.HttpRequest(header_map=base_pb2.HeaderMap(headers=pairs))
        attributes = attribute_context_pb2.AttributeContext(
            request=attribute_context_pb2.AttributeContext.Request(http=http)
        )
        answer = await self._servicer.Check(external_auth_pb2.CheckRequest(attributes=attributes), None)
        assert answer.HasField("ok_response") != answer.HasField("denied_response")
        return bool(answer.HasField("ok_response"))

    async def tokens(self, number: int) -> list[str]:
        """So many living tokens."""
        person = self.bench.identity(await self.bench.sign_in())
        return [(await self.bench.create(person, f"t{each}"))[1] for each in range(number)]


async def test_no_changed_token_is_accepted_and_a_wrong_checksum_asks_nobody() -> None:
    await changed_tokens(CHANGED, seed=SEED)


async def changed_tokens(number: int, *, seed: int) -> None:
    """Present so many changed tokens. Raises AssertionError where one gets in, or is looked up without need."""
    door, choice = Door(), random.Random(seed)
    tokens = await door.tokens(20)
    store, tried, looked_up = door.bench.store, Counter[str](), Counter[str]()
    while tried.total() < number:
        kind, token = KINDS[tried.total() % len(KINDS)], choice.choice(tokens)
        headers = kind(token, choice)
        if any(is_the_token(headers, each) for each in tokens):
            continue
        before = store.lookups
        assert not await door.admits(headers), kind.__name__
        asked = store.lookups - before
        assert asked == int(could_be_one(headers)), kind.__name__
        looked_up[kind.__name__] += asked
        tried[kind.__name__] += 1
    print(
        f"\n{tried.total()} changed tokens of {len(tried)} kinds, seed {seed}: 0 accepted; looked up: {dict(looked_up)}"
    )
    assert tried.total() == number
    assert looked_up["never_made"] == tried["never_made"] > 0
    assert looked_up["wrong_checksums"] == looked_up["flipped_bits"] == 0
    # The control: unchanged, each gets in, and is looked up. A detector that finds none of these finds nothing.
    before = store.lookups
    for token in tokens:
        assert await door.admits((f"Bearer {token}".encode(),))
    assert store.lookups == before + len(tokens)


async def test_ended_tokens_of_every_kind_are_refused() -> None:
    door = Door()
    bench = door.bench
    person = bench.identity(await bench.sign_in())
    revoked = [(await bench.create(person, f"r{number}"))[1] for number in range(50)]
    expired = [(await bench.create(person, f"e{number}", ttl=timedelta(minutes=1)))[1] for number in range(50)]
    for number in range(50):
        await bench.tokens.revoke(f"r{number}", person, actor=actor_of(person))
    assert all([await door.admits((f"Bearer {token}".encode(),)) for token in expired])
    bench.clock.advance(seconds=61)
    assert not any([await door.admits((f"Bearer {token}".encode(),)) for token in revoked + expired])
