"""The check behind the gateway: who gets in, who doesn't, and what that costs.

Leaves out the texts that are no tokens (test_pat.py) and the transport (tests/integration/tokens).
"""

import random
import string
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from envoy.config.core.v3 import address_pb2, base_pb2
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2

from paaskit.audit import DENIED, AuditEvent
from paaskit.errors import Unavailable
from paaskit.identity import IdentityVerifier
from services.tokens import pat
from services.tokens.check.authentication import PatAuthenticator, SignInCheck
from services.tokens.check.authorization import NOT_SIGNED_IN, AuthorizationServicer
from services.tokens.check.leases import Held
from services.tokens.check.signing import Signer
from services.tokens.check.usage import Usage
from services.tokens.check.wrong_tokens import WrongTokens
from tests.unit.tokens.workbench import Workbench, actor_of


class Door:
    """The sign-in check of a workbench, asked as Envoy asks."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self.denials: list[AuditEvent] = []
        self.usage = Usage(bench.store, record=self._record)
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.wrong = WrongTokens(has_seen=lambda _: False)
        authenticator = PatAuthenticator(bench.held, usage=self.usage, wrong_tokens=self.wrong)
        self.check = SignInCheck([authenticator], signer=self.signer, clock=bench.clock)
        self.servicer = AuthorizationServicer(self.check)

    async def _record(self, event: AuditEvent) -> None:
        self.denials.append(event)

    async def knock(self, *headers: tuple[str, str], address: str = "203.0.113.9") -> Any:
        """Envoy's question about a request with these headers, in the form that keeps repeated ones."""
        pairs = [base_pb2.HeaderValue(key=key, raw_value=value.encode("latin-1")) for key, value in headers]
        http = attribute_context_pb2.AttributeContext.HttpRequest(header_map=base_pb2.HeaderMap(headers=pairs))
        peer = address_pb2.Address(socket_address=address_pb2.SocketAddress(address=address))
        attributes = attribute_context_pb2.AttributeContext(
            source=attribute_context_pb2.AttributeContext.Peer(address=peer),
            request=attribute_context_pb2.AttributeContext.Request(http=http),
        )
        return await self.servicer.Check(external_auth_pb2.CheckRequest(attributes=attributes), None)

    async def admits(self, text: str) -> bool:
        """Whether a request with this bearer gets in."""
        answer = await self.knock(("authorization", f"Bearer {text}"))
        assert answer.HasField("ok_response") != answer.HasField("denied_response")
        return bool(answer.HasField("ok_response"))


@pytest.fixture
def door(bench: Workbench) -> Door:
    return Door(bench)


async def test_identity_says_who_and_what_and_from_where(bench: Workbench, door: Door) -> None:
    person = bench.identity(await bench.sign_in())
    token, text = await bench.create(person, permissions=["config.read"], apps=["web"])
    answer = await door.knock(("authorization", f"Bearer {text}"), address="2001:db8::7")
    (header,) = answer.ok_response.headers
    identity = await IdentityVerifier(door.signer.public_keys, clock=bench.clock).verify(header.header.value)
    assert (identity.tenant, identity.subject, identity.kind) == ("acme", "pat:ci", "pat")
    assert (identity.permissions, identity.apps) == (frozenset({"config.read"}), bench.apps.scope("web"))
    assert (identity.origin.credential, identity.client_address) == (token.token_id, "2001:db8::7")
    assert (identity.maker, person.maker) == ("user:ada@example.com", "")
    assert text not in jwt.decode(header.header.value, options={"verify_signature": False}).values()


async def test_an_identity_says_who_made_its_token_by_the_provider_s_id(bench: Workbench, door: Door) -> None:
    verifier = IdentityVerifier(door.signer.public_keys, clock=bench.clock)
    by_person = (await bench.create(bench.signed_in_elsewhere("ann"), "hers"))[1]
    by_operator = await bench.sign_in()
    for text, person_id in ((by_person, "id-of-ann"), (by_operator, None)):
        answer = await door.knock(("authorization", f"Bearer {text}"))
        (header,) = answer.ok_response.headers
        assert (await verifier.verify(header.header.value)).origin.person_id == person_id


async def test_bearer_and_forged_headers_are_taken_away(bench: Workbench, door: Door) -> None:
    answer = await door.knock(
        ("Authorization", f"Bearer {await bench.sign_in()}"),
        ("x-paas-identity", "forged"),
        ("X-Paas-Tenant", "rival"),
        ("x-other", "kept"),
    )
    (header,) = answer.ok_response.headers
    assert header.header.key == "x-paas-identity"
    assert header.append_action == base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD
    # The identity's own name is overwritten: Envoy removes after it has set.
    assert list(answer.ok_response.headers_to_remove) == ["authorization", "x-paas-tenant"]


async def test_scheme_is_read_in_any_case(bench: Workbench, door: Door) -> None:
    text = await bench.sign_in()
    for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
        answer = await door.knock(("authorization", f"{scheme} {text}"))
        assert answer.HasField("ok_response")


async def test_everything_else_gets_the_same_answer_without_a_query(bench: Workbench, door: Door) -> None:
    text = await bench.sign_in()
    bodies = set()
    for headers in [
        (),
        (("authorization", ""),),
        (("authorization", text),),
        (("authorization", f"Basic {text}"),),
        (("authorization", f"Bearer\t{text}"),),
        (("authorization", f"Bearer {text} x"),),
        (("authorization", f"Bearer {text},Bearer {text}"),),
        (("authorization", f"Bearer {text}"), ("authorization", f"Bearer {text}")),
        (("authorization", f"Bearer {text}"), ("Authorization", "Bearer x")),
        (("x-authorization", f"Bearer {text}"),),
        (("authorization", f"Bearer {text[:-1]}\xff"),),
        (("authorization", "Bearer " + "x" * 100_000),),
        (("authorization", "Bearer eyJhbGciOiJub25lIn0.e30."),),
        (("authorization", f"Bearer {'eyJ' * 3000}"),),
        (("x-paas-identity", "forged"),),
    ]:
        answer = await door.knock(*headers)
        assert not answer.HasField("ok_response")
        assert answer.denied_response.status.code == 401
        bodies.add(answer.SerializeToString())
    for nothing in (
        external_auth_pb2.CheckRequest(),
        external_auth_pb2.CheckRequest(attributes=attribute_context_pb2.AttributeContext()),
    ):
        bodies.add((await door.servicer.Check(nothing, None)).SerializeToString())
    assert bench.store.lookups == 0
    bodies.add((await door.knock(("authorization", f"Bearer {pat.generate()}"))).SerializeToString())
    assert len(bodies) == 1
    assert NOT_SIGNED_IN.encode() in bodies.pop()


async def test_no_mutated_token_of_100000_gets_in_or_causes_a_query(bench: Workbench, door: Door) -> None:
    source, alphabet = random.Random(7), string.printable
    tokens = [await bench.sign_in(user=f"user-{number}") for number in range(100)]
    for number in range(100_000):
        token = tokens[number % 100]
        place = source.randrange(len(token))
        wrong = source.choice(alphabet.replace(token[place], ""))
        mutated = [
            token[:place] + wrong + token[place + 1 :],
            token[:place] + token[place + 1 :],
            token[:place] + wrong + token[place:],
            token[:place] + token[place:].swapcase(),
        ][number % 4]
        if mutated.strip(" ") != token:  # more than one space may follow the scheme (RFC 7235)
            assert await door.check.check([f"Bearer {mutated}"], client_address="") is None
    assert bench.store.lookups == 0
    # The control: the unchanged ones do, with a query each.
    for token in tokens:
        assert await door.admits(token)
    assert bench.store.lookups == 100


async def test_ended_tokens_are_refused_on_the_next_request(bench: Workbench, door: Door) -> None:
    person = bench.identity(await bench.sign_in())
    _, revoked = await bench.create(person, "revoked")
    _, expiring = await bench.create(person, "expiring", ttl=timedelta(minutes=1))
    assert await door.admits(revoked)
    assert await door.admits(expiring)
    await bench.tokens.revoke("revoked", person, actor=actor_of(person))
    assert not await door.admits(revoked)
    bench.clock.advance(seconds=59.999)
    assert await door.admits(expiring)
    bench.clock.advance(seconds=0.001)
    assert not await door.admits(expiring)


async def test_use_of_an_ended_token_is_recorded_once_a_minute(bench: Workbench, door: Door) -> None:
    person = bench.identity(await bench.sign_in())
    token, text = await bench.create(person)
    await bench.tokens.revoke("ci", person, actor=actor_of(person))
    for _ in range(5):
        await door.admits(text)
    bench.clock.advance(seconds=61)
    await door.admits(text)
    await door.usage.flush()
    assert [(event.action, event.actor, event.outcome) for event in door.denials] == [
        ("tokens.use", "pat:ci", DENIED)
    ] * 2
    assert {(event.token_id, event.maker) for event in door.denials} == {(token.token_id, "user:ada@example.com")}
    assert {tuple(event.target_tokens) for event in door.denials} == {(token.target,)}


async def test_identity_is_signed_anew_after_twenty_seconds_and_never_outlives_its_token(
    bench: Workbench, door: Door
) -> None:
    person = bench.identity(await bench.sign_in())
    _, text = await bench.create(person, ttl=timedelta(seconds=90))

    async def signed() -> str:
        answer = await door.knock(("authorization", f"Bearer {text}"))
        return str(answer.ok_response.headers[0].header.value)

    first = await signed()
    bench.clock.advance(seconds=19.9)
    assert await signed() == first
    bench.clock.advance(seconds=0.2)
    second = await signed()
    assert second != first
    assert _lifetime(second) == 60
    bench.clock.advance(seconds=60)
    assert _lifetime(await signed()) <= 10
    # What is kept is the signature; the token itself was asked for each time.
    assert bench.store.lookups == 4


async def test_kept_signature_is_for_one_address(bench: Workbench, door: Door) -> None:
    text = await bench.sign_in()
    verifier = IdentityVerifier(door.signer.public_keys, clock=bench.clock)
    for address in ("203.0.113.1", "203.0.113.2", "203.0.113.1"):
        answer = await door.knock(("authorization", f"Bearer {text}"), address=address)
        identity = await verifier.verify(answer.ok_response.headers[0].header.value)
        assert identity.client_address == address


async def test_signatures_for_a_thousand_addresses_are_forgotten_once_they_would_be_made_anew(
    bench: Workbench, door: Door
) -> None:
    text = await bench.sign_in()
    for number in range(1_000):
        await door.knock(("authorization", f"Bearer {text}"), address=f"2001:db8::{number:x}")
    assert len(door.check._signed) == 1_000
    bench.clock.advance(seconds=21)
    await door.knock(("authorization", f"Bearer {text}"))
    assert len(door.check._signed) == 1


async def test_last_use_is_noted_once_a_minute(bench: Workbench, door: Door) -> None:
    person = bench.identity(await bench.sign_in())
    token, text = await bench.create(person)
    key = ("acme", token.token_id)
    await door.admits(text)
    assert bench.store.tokens[key].last_used_at is None  # the request did not wait for it
    await door.usage.flush()
    minute = bench.clock().replace(second=0, microsecond=0)
    assert bench.store.tokens[key].last_used_at == minute
    bench.clock.advance(seconds=29)
    await door.admits(text)
    await door.usage.flush()
    assert bench.store.tokens[key].last_used_at == minute
    bench.clock.advance(seconds=1)
    await door.admits(text)
    await door.usage.flush()
    assert bench.store.tokens[key].last_used_at == minute + timedelta(minutes=1)


async def test_notes_wait_for_a_database_that_is_away(bench: Workbench) -> None:
    away = [True]

    class Store:
        async def note_uses(self, tenant: str, uses: Any) -> None:
            if away.pop():
                raise Unavailable("away")
            await bench.store.note_uses(tenant, uses)

    usage = Usage(Store(), record=door_of_nothing)
    person = bench.identity(await bench.sign_in())
    token = bench.store.tokens["acme", person.origin.credential]
    usage.used(token, now=bench.clock())
    with pytest.raises(Unavailable):
        await usage.flush()
    away.append(False)
    await usage.flush()
    assert bench.store.tokens["acme", person.origin.credential].last_used_at is not None


async def test_failing_look_up_is_no_answer(bench: Workbench, door: Door) -> None:
    async def away(digest: bytes) -> Held | None:
        raise Unavailable("away")

    check = SignInCheck(
        [PatAuthenticator(away, usage=door.usage, wrong_tokens=door.wrong)], signer=door.signer, clock=bench.clock
    )
    with pytest.raises(Unavailable):
        await check.check([f"Bearer {pat.generate()}"], client_address="")


async def door_of_nothing(event: AuditEvent) -> None:
    raise AssertionError("no denial was expected")


def _lifetime(signed: str) -> int:
    claims = jwt.decode(signed, options={"verify_signature": False})
    return int(claims["exp"]) - int(claims["iat"])
