"""The public methods of the contracts as the Python client has them: names, parameters and how they are called."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from paas.access.v1 import access_pb2

from gateway.methods import HTTP, INTERNAL_SUFFIX, contracts

REQUEST_ID: Final = "request_id"
_PAGE_TOKEN: Final = "page_token"  # noqa: S105 - the name of a field
_WORD: Final = re.compile(r"(?<!^)(?<=[a-z0-9])(?=[A-Z])|(?<!^)(?=[A-Z][a-z])")
# Permissions that change nothing, by what they end in. A reveal leaves an event, and a second one does no harm.
_READS: Final = (".read", ".list", ".reveal")


@dataclass(frozen=True)
class Call:
    """One public method."""

    descriptor: MethodDescriptor

    @property
    def name(self) -> str:
        """`who_am_i` for WhoAmI."""
        return snake(self.descriptor.name)

    @property
    def path(self) -> str:
        """The path of the method, as gRPC defines it."""
        return f"/{self.descriptor.containing_service.full_name}/{self.descriptor.name}"

    @property
    def request(self) -> Descriptor:
        """What is sent."""
        return self.descriptor.input_type

    @property
    def answer(self) -> Descriptor:
        """What comes back."""
        return self.descriptor.output_type

    @property
    def rule(self) -> access_pb2.Rule:
        """Who may call it."""
        rule: access_pb2.Rule = self.descriptor.GetOptions().Extensions[access_pb2.rule]
        return rule

    @property
    def is_stream(self) -> bool:
        """Whether answers come as things happen."""
        return bool(self.descriptor.server_streaming)

    @property
    def items(self) -> FieldDescriptor | None:
        """The field of the answer that is listed page by page (AIP-158); None where it is no list."""
        if _PAGE_TOKEN not in self.request.fields_by_name or self.is_stream:
            return None
        first: FieldDescriptor = self.answer.fields_by_number[1]
        assert first.is_repeated, f"{self.path}: the first field of a paged answer is what is listed"
        assert "next_page_token" in self.answer.fields_by_name, f"{self.path}: a page says which comes next"
        return first

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again where no answer came: with a request id, or because it only reads."""
        reads = self.rule.permission.endswith(_READS) or self.descriptor.GetOptions().Extensions[HTTP].get != ""
        return reads or REQUEST_ID in self.request.fields_by_name

    @property
    def parameters(self) -> list[FieldDescriptor]:
        """The fields that are given, the request id last. Pages are walked, and not asked for."""
        fields = [field for field in self.request.fields if self.items is None or field.name != _PAGE_TOKEN]
        return sorted(fields, key=lambda field: field.name == REQUEST_ID)


@dataclass(frozen=True)
class Service:
    """One public service. Its attribute at the client, and its module, are called `name`."""

    descriptor: ServiceDescriptor

    @property
    def name(self) -> str:
        """`config` for ConfigService."""
        return snake(self.descriptor.name.removesuffix("Service"))

    @property
    def calls(self) -> list[Call]:
        """Its methods, in the contract's order."""
        return [Call(method) for method in self.descriptor.methods]


def services() -> list[Service]:
    """All public services, by name."""
    return sorted((each for file in contracts() for each in services_of(file)), key=lambda service: service.name)


def services_of(file: FileDescriptor) -> Iterator[Service]:
    """The public services of one proto file."""
    for service in file.services_by_name.values():
        if not service.name.endswith(INTERNAL_SUFFIX):
            yield Service(service)


def snake(name: str) -> str:
    """`set_vars` for SetVars."""
    return _WORD.sub("_", name).lower()
