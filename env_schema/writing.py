"""Write the schema that an app's variables have by the look of them, for somebody to go on from.

Holds names and types, never a value.
"""

from collections.abc import Collection, Mapping
from typing import Final

from env_schema.value_types import make

_HEADER: Final = "# @defaultRequired=true @defaultSensitive=false\n# ---\n"
_GUESSES: Final = ("boolean", "number", "url", "email", "uuid")


def write(config: Mapping[str, str], sealed: Collection[str]) -> str:
    """Return a schema of config vars, types guessed by their values, and of sealed names."""
    items = [(name, _decorators(name, value)) for name, value in config.items()]
    items += [(name, "@sensitive") for name in sealed]
    return _HEADER + "".join(f"\n# {said}\n{name}=\n" if said else f"\n{name}=\n" for name, said in items)


def guess(name: str, value: str) -> str:
    """Return the type that a value has by the look of it."""
    for type_ in ("port", *_GUESSES) if name.endswith("PORT") else _GUESSES:
        if make(type_, (), {}).fault(value) is None:
            # 1 and 0 are numbers to whoever counts, and on and off to whoever switches.
            return "string" if type_ == "boolean" and value in ("0", "1", "t", "f") else type_
    return "string"


def _decorators(name: str, value: str) -> str:
    if not value:
        return "@optional"
    type_ = guess(name, value)
    return "" if type_ == "string" else f"@type={type_}"
