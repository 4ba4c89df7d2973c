"""The reference of the Python client for people: every method with its parameters, as Markdown."""

from collections.abc import Iterator
from typing import Final

from protos.client.annotations import given
from protos.client.calls import Call, Service, services
from protos.client.docstrings import about, need, parameters
from protos.client.methods import result
from protos.comments import comments

REFERENCE: Final = "docs/python-client-reference.md"
_HEAD: Final = """\
# Python client: all methods

Generated from the contracts by `make gen`; don't edit it here. How the client is used is in
[python-client.md](python-client.md).

Arguments are given by name. A `Listing` walks through all pages as it is iterated over, and `.pages()` gives the
answers page by page. A `Generator` gives answers as they come. Messages such as `config_pb2.App` are imported as
`from paas.config.v1 import config_pb2`; their fields are described in `/v1/openapi.json` of your gateway."""


def document() -> str:
    """The document. The same contracts give the same one."""
    return "\n".join([_HEAD, *(line for service in services() for line in _service(service))]) + "\n"


def _service(service: Service) -> Iterator[str]:
    yield f"\n## `client.{service.name}`\n"
    yield comments().get(service.descriptor.full_name, "")
    for call in service.calls:
        yield from _call(service, call)


def _call(service: Service, call: Call) -> Iterator[str]:
    yield f"\n### `client.{service.name}.{call.name}`\n"
    yield f"{about(call)} {need(call)} Gives `{result(call)}`.\n"
    types = {field.name: given(field).partition(": ")[2] for field in call.parameters}
    for name, text in parameters(call):
        kind = types.get(name, "float = 600.0" if name == "idle" else "float | None = None")
        yield f"- `{name}: {kind}`. {text}"
