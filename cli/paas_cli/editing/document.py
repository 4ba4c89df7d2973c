"""Config vars as a text to be edited, and back. Pure.

Names that can't be changed in it, of secrets and of add-ons, are there as comments; a secret's value is not, not even
masked, since an edited mask would become the value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paas_cli.dotenv import reading
from paas_cli.dotenv.writing import dotenv
from paas_cli.errors import Failure
from paas_cli.typed.names import name_fault, value_fault

_HEAD = """# Config vars of {app}. Save and close to see what that changes; nothing is released unasked.
# One NAME=value a line, as in a .env file. A line that is taken out unsets its name.
"""
_OTHERS = "# Not to be changed here: {names}\n"


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What an edited text changes: values to set, names to unset."""

    values: dict[str, str] = field(default_factory=dict, repr=False)
    gone: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return not (self.values or self.gone)


def written(app: str, config: Mapping[str, str], *, managed: Sequence[str], secrets: Sequence[str]) -> str:
    """The text: sorted, below what a reader has to know."""
    others = [f"{name} (secret)" for name in sorted(secrets)] + [f"{name} (managed)" for name in sorted(managed)]
    note = "".join(_OTHERS.format(names=name) for name in others)
    return f"{_HEAD.format(app=app)}{note}\n{dotenv(dict(sorted(config.items())))}"


def read(text: str, config: Mapping[str, str], *, taken: Mapping[str, str]) -> Edit:
    """What it changes. Raises Failure that names lines which can't be read, or names that can't be set.

    `taken` says of names that are something else what they are.
    """
    found = reading.read(text, source="the edited text")
    faults = []
    for name, value in found.values.items():
        fault = f"is {taken[name]}" if name in taken else name_fault(name) or value_fault(value)
        if fault and not (name in config and config[name] == value):
            faults.append(f"line {found.lines[name]}: {name[:140]} {fault}")
    if faults:
        raise Failure(f"Nothing was changed: {'; '.join(faults)}.")
    return Edit(
        values={name: value for name, value in found.values.items() if config.get(name) != value},
        gone=tuple(name for name in config if name not in found.values),
    )


def written_value(value: str) -> str:
    """The text of one value alone: with the line ending that editors put at the end."""
    return f"{value}\n" if value else ""


def read_value(text: str, name: str, before: str | None) -> Edit:
    """What one value's text changes; one line ending at the end is taken off. Raises Failure for what none can be."""
    if text == written_value(before or ""):
        return Edit()  # whatever it ends with
    value = text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")
    if (fault := value_fault(value)) is not None:
        raise Failure(f"Nothing was changed: {name} {fault}.")
    if value == (before or ""):
        return Edit()
    return Edit(values={name: value})
