"""What tools take and give. Inputs refuse what they do not know; outputs have the fields declared and drop the rest.

So a value that stands in a command's JSON goes no further: no output has a field for one.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from paas_cli.terminal.text import visible
from paas_cli.typed.credentials import may_be_a_value
from paas_cli.typed.names import MAX_NAMES

_WORDS = {
    "string_type": "has to be a text",
    "int_type": "has to be a whole number",
    "bool_type": "has to be true or false",
    "list_type": "has to be a list",
    "dict_type": "has to be an object",
    "model_type": "has to be an object",
}
_NO_SECRETS = "a secret's value is never given, but where it is: env, file or random_bytes"

VariableName = Annotated[str, Field(min_length=1, max_length=128)]
Names = Annotated[list[VariableName], Field(max_length=MAX_NAMES)]
ReleaseNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Input(BaseModel):
    """The arguments of a tool."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AppInput(Input):
    """The arguments of a tool that is about one app."""

    app: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="The app's name; without it, the one `list_apps` has as chosen.",
    )


class Output(BaseModel):
    """What a tool gives."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Noted(Output):
    """The same with what was remarked on the way."""

    notes: list[str] = Field(default=[], description="What else is worth knowing.")


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model, without the titles that repeat each field's name."""
    found = _untitled(model.model_json_schema())
    found.pop("description", None)  # the docstring, which is for readers of the code
    return found


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema's own `title` is text; a property of that name is a schema, and stays."""
    return {
        key: {name: _untitled(each) for name, each in value.items()}
        if key in {"properties", "$defs"}
        else _untitled(value)
        if isinstance(value, dict)
        else [_untitled(each) if isinstance(each, dict) else each for each in value]
        if isinstance(value, list)
        else value
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
    }


def faults(error: ValidationError, model: type[BaseModel]) -> str:
    """What is wrong with arguments, without any of what was given but names of fields."""
    found = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        where, kind = _where(fault["loc"]), fault["type"]
        if kind == "extra_forbidden":
            found.append(f"{where} is no field that it takes")
        elif kind == "missing":
            found.append(f"{where} is missing")
        else:
            found.append(f"{where} {_WORDS.get(kind) or 'is refused: ' + fault['msg'].removeprefix('Value error, ')}")
    if any(fault["loc"][:1] == ("set_secrets",) for fault in error.errors(include_input=False)):
        found.append(_NO_SECRETS)
    return f"{'; '.join(dict.fromkeys(found))}. It takes {', '.join(model.model_fields) or 'no arguments'}."


def _where(location: Sequence[int | str]) -> str:
    return ".".join(_shown(part) for part in location if part != "[key]") or "the arguments"


def _shown(part: int | str) -> str:
    text = str(part)
    return "(a name)" if len(text) > 40 or may_be_a_value(text) else visible(text)
