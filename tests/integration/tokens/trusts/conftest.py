"""A running `tokens` behind a real Envoy, that takes the tokens of an issuer on this machine."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import grpc
import pytest
from paas.audit.v1 import audit_pb2
from paas.tokens.v1 import tokens_pb2, tokens_pb2_grpc

from gateway.settings import Address, Credentials, GatewaySettings
from local import envoy
from paaskit.clock import random_id
from paaskit.gate import denials
from services.tokens.server import assemble
from services.tokens.settings import Settings
from services.tokens.trusts import budget
from services.tokens.trusts.exchanges import GRANT_TYPE, SUBJECT_TOKEN_TYPES
from tests.fakes import ci_jobs
from tests.fakes.app_registry import FakeApps, FakeConfig, register
from tests.fakes.neighbours import on_channel
from tests.fakes.oidc_issuer import OidcIssuer
from tests.fixtures.patient_envoy import write_patient_configuration
from tests.fixtures.postgres import Databases
from tests.fixtures.serving import SOON_AGAIN, free_address, serving
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE
from tests.integration.tokens.conftest import Served

SUBJECT: Final = "repo:octo@123456/app@456789:ref:refs/heads/main"
NOT_ACCEPTED: Final = "This token is not accepted here."


@dataclass
class Ci:
    """A CI system of ours, the gateway that its jobs reach without a sign-in, and people who make trusts."""

    issuer: OidcIssuer
    served: Served
    edge: grpc.aio.Channel
    databases: Databases
    settings: Settings
    address: str
    """The gateway's, for the command line."""
    people: dict[str, str] = field(default_factory=dict)

    @property
    def users(self) -> tokens_pb2_grpc.TrustsServiceStub:
        """What users and jobs call."""
        return tokens_pb2_grpc.TrustsServiceStub(self.edge)

    async def bearer(self, user: str = "ada@example.com", *, tenant: str = "acme", role: str = "admin") -> Any:
        """The metadata with somebody's sign-in, who signs in where they did not yet."""
        if user not in self.people:
            self.people[user] = await self.served.sign_in(tenant=tenant, user=user, role=role)
        return (("authorization", f"Bearer {self.people[user]}"),)

    async def trust(self, user: str = "ada@example.com", *, tenant: str = "acme", **fields: Any) -> tokens_pb2.Trust:
        """A new trust."""
        given = {
            "request_id": random_id(),
            "name": f"deploy-{uuid4().hex[:8]}",
            "issuer": self.issuer.url,
            "provider": "github",
            "subject": SUBJECT,
            "permissions": ["config.read", "config.write"],
            **fields,
        }
        request = tokens_pb2.CreateTrustRequest(**given)
        return (await self.users.CreateTrust(request, metadata=await self.bearer(user, tenant=tenant))).trust

    def token(self, trust: tokens_pb2.Trust, *, header: Any = None, **claims: Any) -> str:
        """What a job of GitHub's is given, for this trust, with other claims where the test wants so."""
        return self.token_for(trust.audience, header=header, **claims)

    def token_for(self, audience: str, *, header: Any = None, **claims: Any) -> str:
        """The same for an audience."""
        said = ci_jobs.github_with_ids(
            self.issuer.clock(), **{"iss": self.issuer.url, "aud": audience, "jti": str(uuid4()), **claims}
        )
        return self.issuer.keys.sign(said, header={"x5t": "thumbprint", **(header or {})})

    async def exchange(self, trust_id: str, token: str, **fields: Any) -> tokens_pb2.ExchangeTokenResponse:
        """What a job does, which has nothing else. Raises grpc.aio.AioRpcError."""
        return await self.users.ExchangeToken(request_of(trust_id, token, **fields), timeout=PATIENCE)

    async def refuses(self, trust_id: str, token: str) -> None:
        """See that a token is not exchanged, and that nothing is said of why."""
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.exchange(trust_id, token)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED, refused.value.details()
        assert str(refused.value.details()).startswith(NOT_ACCEPTED)

    async def test(self, trust: tokens_pb2.Trust, token: str) -> tokens_pb2.TestTrustResponse:
        """What its maker is told."""
        request = tokens_pb2.TestTrustRequest(trust=trust.name, subject_token=token)
        return await self.users.TestTrust(request, metadata=await self.bearer())

    async def who(self, bearer: str) -> tokens_pb2.WhoAmIResponse:
        """Who the gateway takes a token for. Raises grpc.aio.AioRpcError."""
        stub = tokens_pb2_grpc.TokensServiceStub(self.edge)
        return await stub.WhoAmI(
            tokens_pb2.WhoAmIRequest(), metadata=(("authorization", f"Bearer {bearer}"),), timeout=PATIENCE
        )

    def events(self, action: str = "tokens.exchange") -> list[audit_pb2.Event]:
        """What is kept for the log, in order."""
        rows = self.databases.look("tokens", "SELECT payload FROM outbox ORDER BY id")
        events = [audit_pb2.Event.FromString(bytes(payload)) for (payload,) in rows]
        return [event for event in events if event.action == action]

    def refusals(self, trust: tokens_pb2.Trust) -> list[str]:
        """Why tokens were not exchanged, as the log of the trust's tenant has it."""
        denied = (event for event in self.events() if event.token_id == trust.trust_id and event.outcome != 1)
        return [target for event in denied for target in event.targets]


def request_of(trust_id: str, token: str, **fields: Any) -> tokens_pb2.ExchangeTokenRequest:
    """An exchange as RFC 8693 has it."""
    given = {
        "grant_type": GRANT_TYPE,
        "trust": trust_id,
        "subject_token": token,
        "subject_token_type": SUBJECT_TOKEN_TYPES[0],
        **fields,
    }
    return tokens_pb2.ExchangeTokenRequest(**given)


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[OidcIssuer]:
    with OidcIssuer(tmp_path / "issuer") as issuer:
        yield issuer


@pytest.fixture
def many_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that are refused more often than anybody should be."""
    monkeypatch.setattr(budget, "MOST_REFUSED", 1_000_000)


@pytest.fixture
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that want to see what is counted, which is told when its window is over."""
    monkeypatch.setattr(denials, "WINDOW_SECONDS", 1)


@pytest.fixture
async def ci(
    issuer: OidcIssuer, settings: Settings, databases: Databases, tls: Certificates, tmp_path: Path
) -> AsyncIterator[Ci]:
    """All of it, on an empty database."""
    databases.empty("tokens")
    apps = FakeApps("web", "api")
    async with on_channel(tls, "config", register, FakeConfig(apps)) as config_address:
        told = replace(
            settings,
            config_address=config_address,
            exchange_issuers=f"{issuer.url},https://ci.example.com",
            exchange_ca_file=issuer.ca_file,
        )
        async with (
            serving(told, await assemble(told)) as address,
            tls.channel(address, service="tokens", caller="gateway") as gateway,
            tls.channel(address, service="tokens", caller="operator") as operator,
            _edge(address, tls, tmp_path) as (edge, listen),
        ):
            yield Ci(issuer, Served(address, gateway, operator, apps), edge, databases, told, f"http://{listen}")


@pytest.fixture
async def rival(ci: Ci) -> Any:
    """Somebody of another tenant."""
    return await ci.bearer("eve@example.com", tenant="rival")


class _edge:  # noqa: N801  # used as a function
    """A gateway in front of a running `tokens`; the other services are away."""

    def __init__(self, address: str, tls: Certificates, folder: Path) -> None:
        listen = _address(free_address())
        away = [Address("127.0.0.1", 1)]
        upstreams = dict.fromkeys(("config", "secrets", "audit", "releaser"), away)
        files = tls.settings("gateway")
        self._listen = listen
        self._folder = folder
        self._settings = GatewaySettings(
            listen=listen,
            upstreams=upstreams | {"tokens": [_address(address)]},
            sign_in_check=[_address(address)],
            credentials=Credentials(certificate=files.tls_cert_file, key=files.tls_key_file, ca=files.tls_ca_file),
            access_log=folder / "access.log",
        )

    async def __aenter__(self) -> tuple[grpc.aio.Channel, Address]:
        write_patient_configuration(self._folder / "envoy.json", self._settings)
        with (self._folder / "envoy.log").open("wb") as log:
            command = envoy.command(self._folder / "envoy.json")
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        self._channel = grpc.aio.insecure_channel(str(self._listen), options=SOON_AGAIN)
        await asyncio.wait_for(self._channel.channel_ready(), PATIENCE)
        return self._channel, self._listen

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()
        self._process.terminate()
        await self._process.wait()


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    return Address(host, int(port))
