"""The modules of the Python client's services, in the format of the rest.

A service is a module. One that would be too long to be read is a package of the same name, in which its calls are apart
by the permission that they need; what is imported of it is the same.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor

from protos.client import hidden
from protos.client.annotations import module, package
from protos.client.calls import Call, Service, services
from protos.client.docstrings import quoted
from protos.client.methods import class_of
from protos.comments import comments

FOLDER: Final = "client/paas_client/services"
_ROOT: Final = Path(__file__).resolve().parents[2]
# Lines from which on a service is a package.
_LONG: Final = 300
_NOTE: Final = "Generated from the contracts by `make gen`; don't edit it."
_NAMES: Final = {
    "collections.abc": ("Generator", "Iterable", "Mapping"),
    "dataclasses": ("dataclass", "field"),
    "datetime": ("datetime", "timedelta"),
    "typing": ("Self",),
    "paas_client.calls": ("Calls",),
    "paas_client.listing": ("Listing",),
    "paas_client.requests": ("built",),
}


def files() -> dict[str, str]:
    """Each file, by its path in the repository. The same contracts give the same ones."""
    made = {path: text for service in services() for path, text in files_of(service).items()}
    made |= _all_formatted(
        {
            f"{FOLDER}/__init__.py": f'"""The services of the gateway, a class each.\n\n{_NOTE}\n"""\n',
            f"{FOLDER}/every.py": _every(services()),
        }
    )
    return made


def files_of(service: Service, *, long: int = _LONG) -> dict[str, str]:
    """The files of one service by their paths: a module, or a package where that would have `long` lines or more."""
    whole = _all_formatted({f"{FOLDER}/{service.name}.py": _whole(service)})
    if all(text.count("\n") < long for text in whole.values()):
        return whole
    return _all_formatted({f"{FOLDER}/{service.name}/{name}.py": text for name, text in _parts(service).items()})


def _whole(service: Service) -> str:
    named = service.descriptor.name
    body = [*map(hidden.definition, _hiding(service)), class_of(named, _about(service.descriptor), service.calls)]
    return _module(f"Calls of {named}.", body, service.calls)


def _parts(service: Service) -> dict[str, str]:
    """The modules of a service that is a package, by name."""
    named, inside = service.descriptor.name, f"{_imported(FOLDER)}.{service.name}"
    answers = {f"{inside}.answers": [kind.name for kind in _hiding(service)]}
    apart: dict[str, list[Call]] = {}
    for call in service.calls:
        apart.setdefault(_topic(service, call), []).append(call)
    classes = {topic: "".join(word.capitalize() for word in topic.split("_")) for topic in sorted(apart)}
    made = {}
    for topic, calls in apart.items():
        needed = calls[0].rule.permission
        about = f"Calls of {named} that need " + (f"`{needed}`." if needed else "no permission.")
        made[topic] = _module(about, [class_of(classes[topic], about, calls)], calls, beside=answers)
    if hiding := _hiding(service):
        definitions = list(map(hidden.definition, hiding))
        made["answers"] = _module(f"Answers of {named} that hide something.", definitions, service.calls)
    imported = {**{f"{inside}.{topic}": [name] for topic, name in classes.items()}, **(answers if hiding else {})}
    made["__init__"] = _front(service, list(classes.values()), imported)
    return made


def _front(service: Service, bases: list[str], imported: dict[str, list[str]]) -> str:
    """The package itself: the service, whose calls its bases have, and what is imported from it."""
    named = service.descriptor.name
    public = {named, *(name for names in imported.values() for name in names)} - set(bases)
    return "\n".join(
        [
            f'"""Calls of {named}.\n\n{_NOTE}\n"""\n',
            *(f"from {source} import {', '.join(names)}" for source, names in imported.items()),
            f"\n__all__ = {sorted(public)!r}\n\n",
            f"class {named}({', '.join(bases)}):",
            textwrap.indent(quoted(_about(service.descriptor)), "    "),
            "",
        ]
    )


def _topic(service: Service, call: Call) -> str:
    """The name of the module that a call is in: `write_calls` for `secrets.write` in secrets."""
    permission = call.rule.permission.removeprefix(f"{service.name}.").replace(".", "_")
    return f"{permission or 'other'}_calls"


def _module(about: str, body: list[str], calls: Sequence[Call], beside: dict[str, list[str]] | None = None) -> str:
    """The text of a module, before it is formatted. `beside` is what it may name of modules of the same package."""
    text = "\n\n\n".join(body)
    head = f'"""{about}\n\n{_NOTE}\n"""\n\nfrom __future__ import annotations\n'
    return f"{head}\n{_imports(text, _kinds(calls), beside or {})}\n\n\n{text}\n"


def _hiding(service: Service) -> list[Descriptor]:
    """The messages of its answers that hide something, each once."""
    found = (kind for call in service.calls if not call.is_stream for kind in hidden.within(call.answer))
    return list(dict.fromkeys(found))


def _about(service: ServiceDescriptor) -> str:
    return comments().get(service.full_name, "")


def _kinds(calls: Sequence[Call]) -> Iterable[tuple[str, str]]:
    """Where each generated module that may be named is imported from."""
    for call in calls:
        yield from _modules_of(call.request)
        yield from _modules_of(call.answer)


def _modules_of(kind: Descriptor) -> Iterable[tuple[str, str]]:
    yield package(kind), module(kind)
    fields: Iterable[FieldDescriptor] = kind.fields
    for each in fields:
        for named in (each.message_type, each.enum_type):
            if named is not None:
                yield package(named), module(named)
        if each.message_type is not None:
            yield from _modules_of(each.message_type)


def _imports(text: str, kinds: Iterable[tuple[str, str]], beside: dict[str, list[str]]) -> str:
    """The imports of what the text names."""
    code = re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
    # Not what is a module's, as `secrets_pb2.RevealedSecret` is.
    known = {**_NAMES, **beside}
    wanted = {
        source: [name for name in names if re.search(rf"(?<!\.)\b{name}\b", code)] for source, names in known.items()
    }
    for source, name in dict.fromkeys(kinds):
        if re.search(rf"\b{name}\.", code):
            wanted.setdefault(source, []).append(name)
    return "\n".join(f"from {source} import {', '.join(names)}" for source, names in wanted.items() if names)


def _every(listed: list[Service]) -> str:
    imports = [f"from {_imported(FOLDER)}.{each.name} import {each.descriptor.name}" for each in listed]
    lines = [f"        self.{each.name} = {each.descriptor.name}(calls)" for each in listed]
    return "\n".join(
        [
            f'"""All services of the gateway.\n\n{_NOTE}\n"""\n',
            "from paas_client.calls import Calls",
            *imports,
            "\n\nclass Services:",
            '    """Each service by its name."""\n',
            "    def __init__(self, calls: Calls) -> None:",
            *lines,
            "",
        ]
    )


def _imported(folder: str) -> str:
    """A folder of the client as it is imported."""
    return folder.removeprefix("client/").replace("/", ".")


def _all_formatted(made: dict[str, str]) -> dict[str, str]:
    return {path: _formatted(text, path) for path, text in made.items()}


def _formatted(text: str, path: str) -> str:
    """The text as the repository's other files are: imports in order, lines broken where they are long."""
    ruff = str(Path(sys.executable).with_name("ruff"))
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format"]):
        done = subprocess.run(
            [ruff, *command, "--stdin-filename", path, "-"],
            cwd=_ROOT,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        text = done.stdout
    return text
