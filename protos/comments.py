"""The comments of the protos, which generated code doesn't have, by the full name of what they are about."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from google.protobuf import descriptor_pb2

from protos.generate import PROTOS, WELL_KNOWN

# Numbers of fields in descriptor.proto, of which the path to what a comment is about is made.
_MESSAGES, _ENUMS, _SERVICES, _FIELDS, _VALUES, _METHODS, _ONEOFS = 4, 5, 6, 2, 2, 2, 8


@cache
def comments() -> Mapping[str, str]:
    """Return each comment in one line. A field of a oneof without one of its own has that of the oneof."""
    return {name: text for file in _files() for name, text in _of(file) if text}


def _files() -> Iterable[descriptor_pb2.FileDescriptorProto]:
    sources = sorted(path.relative_to(PROTOS).as_posix() for path in PROTOS.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "protos.bin"
        command = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{each}" for each in (PROTOS, *WELL_KNOWN))]
        subprocess.run([*command, "--include_source_info", f"--descriptor_set_out={out}", *sources], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file


def _of(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, str]]:
    written = {tuple(each.path): " ".join(each.leading_comments.split()) for each in file.source_code_info.location}
    for number, message in enumerate(file.message_type):
        yield f"{file.package}.{message.name}", written.get((_MESSAGES, number), "")
        for index, field in enumerate(message.field):
            text = written.get((_MESSAGES, number, _FIELDS, index), "")
            if not text and field.HasField("oneof_index"):
                text = written.get((_MESSAGES, number, _ONEOFS, field.oneof_index), "")
            yield f"{file.package}.{message.name}.{field.name}", text
        for index, oneof in enumerate(message.oneof_decl):
            text = written.get((_MESSAGES, number, _ONEOFS, index), "")
            yield f"{file.package}.{message.name}.{oneof.name}", text
    for number, enum in enumerate(file.enum_type):
        yield f"{file.package}.{enum.name}", written.get((_ENUMS, number), "")
        for index, value in enumerate(enum.value):
            yield f"{file.package}.{enum.name}.{value.name}", written.get((_ENUMS, number, _VALUES, index), "")
    for number, service in enumerate(file.service):
        yield f"{file.package}.{service.name}", written.get((_SERVICES, number), "")
        for index, method in enumerate(service.method):
            path = (_SERVICES, number, _METHODS, index)
            yield f"{file.package}.{service.name}.{method.name}", written.get(path, "")
