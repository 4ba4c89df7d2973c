"""Five tenants of a whole house, each with things of every kind, and everything by which a thing can be told.

Each has an app of one name that all have, and an app, a variable, a secret and a token of names that only it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import grpc
from google.protobuf.message import Message
from paas.config.v1 import config_pb2, groups_pb2
from paas.releaser.v1 import releaser_pb2
from paas.secrets.v1 import secrets_pb2
from paas.tokens.v1 import tokens_pb2

from paaskit.clock import random_id
from tests.access.callers import EVERY_PERMISSION, Kind
from tests.access.house import House
from tests.access.methods import Method, every_method
from tests.fixtures.postgres import Databases
from tests.fixtures.waiting import PATIENCE

TENANTS: Final = ("acme", "globex", "initech", "umbrella", "hooli")
SHARED: Final = "shop"
"""An app that every tenant has one of."""
METHODS: Final = {
    method.descriptor.name: method for method in every_method() if method.path.split(".")[-1].split("/")[0] in {
        "ConfigService", "GroupsService", "SecretsService", "TokensService", "AuditService", "ReleaserService"}
}  # fmt: skip

Answer = TypeVar("Answer", bound=Message)


@dataclass(frozen=True)
class Person:
    """An admin of one tenant. What is in `marks` is random, and in nothing of any other's."""

    house: House = field(repr=False)
    tenant: str
    mark: str
    token_id: str
    app_ids: Mapping[str, str]

    @property
    def app(self) -> str:
        """The app that only this tenant has."""
        return f"app-{self.mark}"

    @property
    def group(self) -> str:
        """The group that only this tenant has."""
        return f"group-{self.mark}"

    @property
    def name(self) -> str:
        """The name of a variable, and of a secret with `S_` before, that only this tenant has."""
        return f"V_{self.mark.upper()}"

    @property
    def token(self) -> str:
        """The name of the token that only this tenant has."""
        return f"token-{self.mark}"

    @property
    def value(self) -> str:
        """What every value of this tenant begins with."""
        return f"value of {self.mark}"

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What must be in nothing that anybody else is told, who did not say it first."""
        return tuple(text.encode() for text in (self.mark, self.name, self.token_id, *self.app_ids.values()))

    async def ask(self, request: Message, *, into: type[Answer], seconds: float = PATIENCE) -> Answer:
        """Make the call that takes this request, with a deadline. Raises grpc.aio.AioRpcError."""
        method = _method_of(request)
        channel = self.house.channel(method.server, "gateway")
        kind = Kind(certificate="gateway", permissions=EVERY_PERMISSION, tenant=self.tenant)
        call: Any = channel.unary_unary(method.path)
        raw = await call(request.SerializeToString(), metadata=self.house.metadata(kind), timeout=seconds)
        return into.FromString(raw)


def _method_of(request: Message) -> Method:
    return METHODS[request.DESCRIPTOR.name.removesuffix("Request")]


async def move_in(house: House, tenant: str, databases: Databases) -> Person:
    """Sign the tenant's admin in, and have them make one of everything."""
    if tenant not in house.token_ids:
        house.token_ids[tenant] = await house.sign_in(tenant, databases)
    mark = random_id().replace("-", "")[:20]
    person = Person(house, tenant, mark, "", {})
    ids = {}
    for app in (SHARED, person.app):
        create = config_pb2.CreateAppRequest(request_id=random_id(), app=app, spec=config_pb2.AppSpec())
        ids[app] = (await person.ask(create, into=config_pb2.CreateAppResponse)).app.app_id
        values = dict.fromkeys(("COLOUR", person.name), f"{person.value} at first")
        await person.ask(set_vars(app, values), into=config_pb2.SetVarsResponse)
        sealed = dict.fromkeys(("PASSWORD", f"S_{person.name}"), f"{person.value} at first")
        await person.ask(set_secrets(app, sealed), into=secrets_pb2.SetSecretsResponse)
        release = releaser_pb2.CreateReleaseRequest(request_id=random_id(), app=app)
        await person.ask(release, into=releaser_pb2.CreateReleaseResponse)
    group = groups_pb2.CreateGroupRequest(request_id=random_id(), group=person.group)
    await person.ask(group, into=groups_pb2.CreateGroupResponse)
    of_group = dict.fromkeys((f"G_{person.name}",), f"{person.value} at first")
    await person.ask(set_vars(person.group, of_group), into=config_pb2.SetVarsResponse)
    attach = groups_pb2.AttachGroupRequest(request_id=random_id(), app=person.app, group=person.group)
    await person.ask(attach, into=groups_pb2.AttachGroupResponse)
    make = tokens_pb2.CreateTokenRequest(request_id=random_id(), name=person.token)
    made = await person.ask(make, into=tokens_pb2.CreateTokenResponse)
    return Person(house, tenant, mark, made.token.token_id, ids)


def set_vars(app: str, values: Mapping[str, str], *, stage: bool = False) -> config_pb2.SetVarsRequest:
    """Return the request that sets these."""
    assignments = [config_pb2.Assignment(name=name, value=value) for name, value in values.items()]
    return config_pb2.SetVarsRequest(request_id=random_id(), app=app, vars=assignments, stage=stage)


def set_secrets(app: str, values: Mapping[str, str], *, stage: bool = False) -> secrets_pb2.SetSecretsRequest:
    """Return the request that sets these."""
    assignments = [secrets_pb2.SecretAssignment(name=name, value=value) for name, value in values.items()]
    return secrets_pb2.SetSecretsRequest(request_id=random_id(), app=app, secrets=assignments, stage=stage)


TROUBLE: Final = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
"""What a call may end with, whatever it asks for, while connections are being cut."""
