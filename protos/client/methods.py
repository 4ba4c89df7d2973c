"""The classes of the Python client's services: a method for each call, before it is formatted."""

import textwrap
from collections.abc import Sequence

from protos.client import hidden
from protos.client.annotations import given, message
from protos.client.calls import REQUEST_ID, Call
from protos.client.docstrings import docstring, quoted


def class_of(name: str, about: str, calls: Sequence[Call]) -> str:
    """The class of a service, or of some of its calls, with a method for each."""
    lines = [f"class {name}:", textwrap.indent(quoted(about), "    "), ""]
    lines += ["    def __init__(self, calls: Calls) -> None:", "        self._calls = calls"]
    return "\n".join([*lines, *(f"\n{textwrap.indent(_method(call), '    ')}" for call in calls)])


def _method(call: Call) -> str:
    parameters = [given(field) for field in call.parameters]
    parameters.append("idle: float = 600.0" if call.is_stream else "timeout: float | None = None")
    return "\n".join(
        [
            f"def {call.name}(self, *, {', '.join(parameters)}) -> {result(call)}:",
            textwrap.indent(f'"""{docstring(call)}\n"""', "    "),
            textwrap.indent(_body(call), "    "),
        ]
    )


def result(call: Call) -> str:
    """The type of what a method gives. Raises ValueError where that would show what it may not."""
    if hidden.hides(call.answer) and (call.is_stream or call.items is not None):
        raise ValueError(f"{call.path}: what is listed or streamed is protobuf's, whose `repr` shows what is redacted")
    answer = call.answer.name if hidden.hides(call.answer) and not call.is_stream else message(call.answer)
    if call.is_stream:
        return f"Generator[{answer}, None, None]"
    if call.items is not None:
        assert call.items.message_type is not None
        return f"Listing[{message(call.items.message_type)}, {answer}]"
    return answer


def _body(call: Call) -> str:
    values = [
        f"{field.name}=self._calls.request_id({field.name})"
        if field.name == REQUEST_ID
        else f"{field.name}={field.name}"
        for field in call.parameters
    ]
    request = f"request = built({', '.join([message(call.request), *values])})"
    path, answer = f'"{call.path}"', message(call.answer)
    if call.is_stream:
        return f"{request}\nreturn self._calls.stream({path}, request, {answer}, idle=idle)"
    options = [f"repeatable={call.repeatable}", "timeout=timeout", *(["as_nobody=True"] if call.rule.anyone else [])]
    if call.items is not None:
        listed = f"self._calls, {path}, request, {answer}, items=lambda page: page.{call.items.name}, timeout=timeout"
        return f"{request}\nreturn Listing({listed})"
    asked = f"self._calls.unary({path}, request, {answer}, {', '.join(options)})"
    return (
        f"{request}\nreturn {call.answer.name}.of({asked})"
        if hidden.hides(call.answer)
        else f"{request}\nreturn {asked}"
    )
