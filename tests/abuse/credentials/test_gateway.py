"""10,000 changed tokens and identities at a whole installation: through the gateway, and straight at a service.

Covers: no token gets past Envoy and the real check, a wrong checksum asks the database nothing (its table is locked
meanwhile), no identity is accepted by a service, whoever brings it. The rest of 120,000 is beside this, without the
transport.
"""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.ports import GATEWAY
from local.signin import Person, issue
from paaskit.identity import Identity, StoredToken, claims_of
from services.tokens.check.signing import key_id_of
from tests.abuse.credentials import identities, pats
from tests.abuse.credentials.identities import Good
from tests.abuse.credentials.pats import Headers, could_be_one, is_the_token
from tests.abuse.requests.answers import Answer
from tests.abuse.requests.envelopes import Target
from tests.abuse.requests.http2 import Connection, Request, header_block, message
from tests.abuse.requests.targets import Reach
from tests.abuse.seeds import SEED
from tests.e2e.installation import Installation, superuser
from tests.fixtures.waiting import PATIENCE

TOKENS: Final = 6_000
IDENTITIES: Final = 4_000
_AT_ONCE: Final = 16
_WHO_AM_I: Final = "/paas.tokens.v1.TokensService/WhoAmI"
# Nobody: as a gRPC status, or as what an HTTP server says of headers that are none.
_NOBODY: Final = frozenset({"grpc 16", "http 401", "http 400", "connection closed", "reset 1", "reset 2"})
_OK: Final = "grpc 0"
_TOO_MANY: Final = "grpc 8"
_LATE: Final = "grpc 14"
# How often one is sent again that is told so: where what it asks for is held up, it is told so each time.
_AGAIN: Final = 4


def test_no_changed_token_passes_the_gateway(installation: Installation) -> None:
    tokens_at_the_gateway(installation, TOKENS, seed=SEED)


def test_no_changed_identity_is_accepted_by_a_service(installation: Installation) -> None:
    identities_at_a_service(installation, IDENTITIES, seed=SEED)


def tokens_at_the_gateway(installation: Installation, number: int, *, seed: int) -> None:
    """Present changed tokens to the gateway. Raises AssertionError where one is accepted, or looked up for nothing."""
    reach, choice = _reach(installation), random.Random(seed)
    chosen: list[tuple[str, Headers]] = []
    while len(chosen) < number:
        kind = pats.KINDS[len(chosen) % len(pats.KINDS)]
        headers = kind(reach.token, choice)
        if not is_the_token(_as_http_has_them(headers), reach.token):
            chosen.append((kind.__name__, headers))
    idle = [each for each in chosen if not could_be_one(_as_http_has_them(each[1]))]
    looked_up = [each for each in chosen if could_be_one(_as_http_has_them(each[1]))]
    target = Target(place="gateway", path=_WHO_AM_I)
    with superuser(installation.stack, "tokens") as connection, connection.transaction():
        # Whoever reads the table now waits until the check is given up: an answer is one that nobody asked for.
        connection.execute("LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE")
        outcomes = asyncio.run(_ask_all(reach, target, [_bearers(target, headers) for _, headers in idle]))
        locked_out = [_bearers(target, headers) for _, headers in looked_up[:4]]
        waited = asyncio.run(_ask_all(reach, target, locked_out, again=1))
    assert set(outcomes) <= _NOBODY, outcomes
    # The control of the lock: a token that has to be looked up gets no answer but that there is none.
    assert set(waited) == {_LATE}
    outcomes += asyncio.run(_ask_all(reach, target, [_bearers(target, headers) for _, headers in looked_up]))
    print(f"\n{number} changed tokens at the gateway, seed {seed}: {dict(outcomes)}; {len(idle)} with the table locked")
    assert set(outcomes) <= _NOBODY, outcomes
    assert outcomes.total() == number
    good = [_bearers(target, (f"Bearer {reach.token}".encode(),))]
    assert asyncio.run(_ask_all(reach, target, good)) == {_OK: 1}


def identities_at_a_service(installation: Installation, number: int, *, seed: int) -> None:
    """Present changed identities to config with the gateway's own certificate. Raises AssertionError."""
    reach, choice = _reach(installation), random.Random(seed)
    key = serialization.load_pem_private_key(installation.stack.layout.signing_key.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    target = Target(place="config-public as gateway", path="/paas.config.v1.ConfigService/ListApps")
    requests: list[Request] = []
    while len(requests) < number:
        good = _good(key)
        text = identities.KINDS[len(requests) % len(identities.KINDS)](good, choice)
        raw = text.encode("utf-8", "surrogatepass")
        # Blanks at the ends of a header are HTTP's own, and may be taken off on the way.
        if raw.strip() != good.text.encode():
            requests.append(
                Request(headers=header_block([*target.fields(), (b"x-paas-identity", raw)]), body=message(b""))
            )
    outcomes = asyncio.run(_ask_all(reach, target, requests))
    print(f"\n{number} changed identities at a service, seed {seed}: {dict(outcomes)}")
    # Headers of more than 16 KiB are refused by grpc itself, and so is what may not be in a header.
    assert set(outcomes) <= _NOBODY | {"grpc 8", "grpc 13"}, outcomes
    assert outcomes.total() == number
    control = Request(
        headers=header_block([*target.fields(), (b"x-paas-identity", _good(key).text.encode())]), body=message(b"")
    )
    assert asyncio.run(_ask_all(reach, target, [control])) == {_OK: 1}


def _reach(installation: Installation) -> Reach:
    stack = installation.stack
    token = issue(stack, Person(tenant="abused", user="ada@example.com", role="admin"))
    return Reach(base_port=stack.base_port, tls=stack.layout.tls, token=token)


def _as_http_has_them(headers: Headers) -> Headers:
    """Headers without what HTTP takes no notice of: blanks at the ends of one, and Envoy drops empty ones."""
    return [stripped for each in headers if (stripped := each.strip(b" \t"))]


def _bearers(target: Target, headers: Headers) -> Request:
    fields = [*target.fields(), *((b"authorization", value) for value in headers)]
    return Request(headers=header_block(fields), body=message(b""))


def _good(key: Ed25519PrivateKey) -> Good:
    now = datetime.now(UTC)
    identity = Identity(
        tenant="abused",
        subject="user:ada@example.com",
        kind="user",
        permissions=frozenset({"apps.read"}),
        apps=None,
        origin=StoredToken(token_id="t1"),
        client_address="",
        ends_at=now + timedelta(seconds=60),
        expires_at=now + timedelta(seconds=60),
    )
    header = {"alg": "EdDSA", "kid": key_id_of(key.public_key()), "typ": "JWT"}
    return Good(header, claims_of(identity, issued_at=now), key)


async def _ask_all(reach: Reach, target: Target, requests: list[Request], *, again: int = _AGAIN) -> Counter[str]:
    """Send each, some at a time, each of these on a connection of its own; count how they end.

    Where the check or the keys come late, as they may once on a machine that has other things to do, a request that is
    told so is sent again.
    """
    outcomes: Counter[str] = Counter()
    left = iter(requests)

    async def work() -> None:
        connection: Connection | None = None
        for request in left:
            if connection is None or not connection.usable:
                connection = await reach.connect(target.place)
            answer: Answer = await connection.ask(request, patience=PATIENCE)
            # The gateway has only so many tokens of strangers looked at in a second. The next one it does.
            while answer.outcome == _TOO_MANY and target.place == GATEWAY and connection.usable:
                await asyncio.sleep(0.2)
                answer = await connection.ask(request, patience=PATIENCE)
            for _ in range(again):
                if answer.outcome != _LATE or not connection.usable:
                    break
                await asyncio.sleep(0.2)
                answer = await connection.ask(request, patience=PATIENCE)
            outcomes[answer.outcome] += 1
        if connection is not None:
            connection.close()

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return outcomes
