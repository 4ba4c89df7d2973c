"""Which methods may be called from outside, and how over plain HTTP: as the contracts have it, exactly.

The list is read from the descriptors, so that a method added to a contract is routed and nothing else ever is.
It must not hold a list of its own.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import paas
from google.api import annotations_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from paas.access.v1 import access_pb2

INTERNAL_SUFFIX: Final = "InternalService"
JSON_PREFIX: Final = "/v1/"
"""What the paths begin with of methods that may be called in JSON."""
HTTP: Final[Any] = annotations_pb2.http
"""The option that says how a method is called over plain HTTP."""
_VARIABLE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class HttpCall:
    """How a method is called over plain HTTP (google.api.http)."""

    # `GET`.
    verb: str
    # `/v1/apps/{app}/secrets/{name}:reveal`.
    template: str
    # Whether the fields that are not in the path are in a body; else they are in the query.
    has_body: bool
    request: Descriptor
    response: Descriptor

    @property
    def bound(self) -> tuple[str, ...]:
        """The fields that stand in the path."""
        return tuple(_VARIABLE.findall(self.template))

    def path_regex(self) -> str:
        """Return a regular expression of its paths: each variable is one segment, and not empty."""
        pieces = _VARIABLE.split(self.template)
        return "".join(self._segment(piece) if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))

    def _segment(self, name: str) -> str:
        is_text = self.request.fields_by_name[name].type == FieldDescriptor.TYPE_STRING
        return "[^/]+" if is_text else "[0-9]{1,18}"


@dataclass(frozen=True)
class PublicMethod:
    """One method that may be called from outside."""

    # The service's short name, which is also the name of its upstream: `config`.
    upstream: str
    # The full name of the proto service: `paas.config.v1.ConfigService`.
    service: str
    # `SetVars`.
    method: str
    server_streaming: bool
    # Whether it needs no sign-in: what proves who calls is in the request.
    anyone: bool = False
    # How it is called in JSON, if it is.
    http: HttpCall | None = None

    @property
    def path(self) -> str:
        """The HTTP/2 path of the method, as gRPC defines it."""
        return f"/{self.service}/{self.method}"


def public_methods() -> tuple[PublicMethod, ...]:
    """The methods of every `paas.<name>.v1` service whose name does not end in InternalService, in order."""
    return tuple(method for file in contracts() for method in methods_of(file))


def contracts() -> Iterator[FileDescriptor]:
    """The proto files of the installed contracts, of which a package may have several."""
    for package in sorted(module.name for module in pkgutil.iter_modules(paas.__path__)):
        version = importlib.import_module(f"paas.{package}.v1")
        for name in sorted(module.name for module in pkgutil.iter_modules(version.__path__)):
            if name.endswith("_pb2"):
                yield importlib.import_module(f"{version.__name__}.{name}").DESCRIPTOR


def methods_of(file: FileDescriptor) -> Iterator[PublicMethod]:
    """The public methods of one proto file. Its package must be `paas.<name>.v1`."""
    upstream = file.package.split(".")[1]
    services: Iterable[ServiceDescriptor] = file.services_by_name.values()
    for service in services:
        if service.name.endswith(INTERNAL_SUFFIX):
            continue
        for method in service.methods:
            yield PublicMethod(
                upstream=upstream,
                service=service.full_name,
                method=method.name,
                server_streaming=method.server_streaming,
                anyone=method.GetOptions().Extensions[access_pb2.rule].anyone,
                http=_http_of(method),
            )


def _http_of(method: MethodDescriptor) -> HttpCall | None:
    """Return how a method is called in JSON. One whose answer is of another type, or comes bit by bit, is not."""
    rule = method.GetOptions().Extensions[HTTP]
    verb = rule.WhichOneof("pattern")
    if verb is None or rule.response_body:
        return None
    return HttpCall(
        verb=verb.upper(),
        template=getattr(rule, verb),
        has_body=rule.body == "*",
        request=method.input_type,
        response=method.output_type,
    )
