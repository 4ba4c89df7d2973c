"""The protos with their comments, as protoc reads them. Generated code doesn't have the comments."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grpc_tools  # type: ignore[import-untyped]  # only asked where it is
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from paas.access.v1 import access_pb2

from tests.architecture.sources import ROOT

_PROTOS = ROOT / "protos"


@dataclass(frozen=True)
class Method:
    """One RPC as it is written."""

    file: descriptor_pb2.FileDescriptorProto
    service: descriptor_pb2.ServiceDescriptorProto
    proto: descriptor_pb2.MethodDescriptorProto
    comment: str

    @property
    def rule(self) -> access_pb2.Rule:
        """Its access rule."""
        return self.proto.options.Extensions[access_pb2.rule]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.file.package}.{self.service.name}/{self.proto.name}"


@dataclass(frozen=True)
class Field:
    """One field as it is written."""

    file: descriptor_pb2.FileDescriptorProto
    message: descriptor_pb2.DescriptorProto
    proto: descriptor_pb2.FieldDescriptorProto
    comment: str

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.file.package}.{self.message.name}.{self.proto.name}"


@cache
def files() -> tuple[descriptor_pb2.FileDescriptorProto, ...]:
    """Our proto files."""
    sources = sorted(path.relative_to(_PROTOS).as_posix() for path in _PROTOS.rglob("*.proto"))
    well_known = [Path(grpc_tools.__file__).parent / "_proto", Path(annotations_pb2.__file__).parents[2]]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "protos.bin"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{_PROTOS}", *(f"-I{folder}" for folder in well_known)]
        command += ["--include_source_info", f"--descriptor_set_out={out}", *sources]
        subprocess.run(command, check=True)
        return tuple(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def methods() -> Iterator[Method]:
    """Every RPC."""
    for file in files():
        for number, service in enumerate(file.service):
            for index, method in enumerate(service.method):
                yield Method(file, service, method, _comment(file, (6, number, 2, index)))


def fields() -> Iterator[Field]:
    """Every field of every message. None of our messages has another within."""
    for file in files():
        for number, message in enumerate(file.message_type):
            assert not message.nested_type, "a message within a message"
            for index, field in enumerate(message.field):
                comment = _comment(file, (4, number, 2, index))
                if field.HasField("oneof_index"):
                    comment = comment or _comment(file, (4, number, 8, field.oneof_index))
                yield Field(file, message, field, comment)


def _comment(file: descriptor_pb2.FileDescriptorProto, path: Sequence[int]) -> str:
    for location in file.source_code_info.location:
        if tuple(location.path) == tuple(path):
            return " ".join(location.leading_comments.split())
    return ""
