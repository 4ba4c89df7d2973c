"""Every method of every server, from the descriptors of the contracts, and a plausible request for each."""

from dataclasses import dataclass
from typing import Any, Final

from envoy.service.auth.v3 import external_auth_pb2
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from paas.operations.v1 import operations_pb2

from gateway.methods import contracts

SERVERS: Final = ("config", "secrets", "tokens", "audit", "releaser")
WITH_OUTBOX: Final = ("config", "secrets", "tokens", "releaser")
# What a server serves beside the package of its name.
_PACKAGES: Final = {"tokens": ("paas.tokens.v1", "paas.leaks.v1")}
_ON_EVERY_SERVER: Final[tuple[Any, ...]] = (
    health_pb2.DESCRIPTOR.services_by_name["Health"],
    reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"],
)


@dataclass(frozen=True)
class Method:
    """One method at one server."""

    server: str
    descriptor: MethodDescriptor

    @property
    def path(self) -> str:
        """Its HTTP/2 path."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    def request(self, **fields: Any) -> Message:
        """A request with those of `fields` that the method has. Without more it is refused once it is admitted."""
        message = GetMessageClass(self.descriptor.input_type)()
        for name, value in fields.items():
            if name in self.descriptor.input_type.fields_by_name:
                setattr(message, name, value)
        return message


def services_of(server: str) -> list[ServiceDescriptor]:
    """What one server serves."""
    ours = [
        service
        for file in contracts()
        if file.package in _PACKAGES.get(server, (f"paas.{server}.v1",))
        for service in file.services_by_name.values()
    ]
    envoys = [external_auth_pb2.DESCRIPTOR.services_by_name["Authorization"]] if server == "tokens" else []
    operations = [operations_pb2.DESCRIPTOR.services_by_name["OperationsInternalService"]]
    return [*ours, *envoys, *(operations if server in WITH_OUTBOX else []), *_ON_EVERY_SERVER]


def every_method() -> list[Method]:
    """Every method of every server."""
    return [
        Method(server, method) for server in SERVERS for service in services_of(server) for method in service.methods
    ]
