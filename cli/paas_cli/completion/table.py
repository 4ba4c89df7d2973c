"""The commands' options and arguments, read from `table.tsv`, which `python -m reference` makes from the commands."""

import os
from dataclasses import dataclass

_PATH = os.path.join(os.path.dirname(__file__), "table.tsv")  # noqa: PTH118, PTH120 - pathlib is slow to import


@dataclass(frozen=True)
class Option:
    """`spellings` of an option, the kind of value it takes (None for a switch), and its help."""

    spellings: tuple[str, ...]
    value: str | None
    help: str


@dataclass(frozen=True)
class Signature:
    """What a command takes. `arguments` are kinds, of which the last is for all others too where `goes_on`."""

    options: tuple[Option, ...]
    arguments: tuple[str, ...]
    goes_on: bool

    def option(self, spelling: str) -> Option | None:
        """The option of that spelling."""
        return next((option for option in self.options if spelling in option.spellings), None)

    def argument(self, position: int) -> str | None:
        """The kind of an argument, counted from 0; None where there is none."""
        if position < len(self.arguments):
            return self.arguments[position]
        return self.arguments[-1] if self.goes_on and self.arguments else None


def signature(command: str) -> Signature:
    """What a command takes; nothing where the table has none of the name."""
    options: list[Option] = []
    arguments: list[str] = []
    goes_on = False
    with open(_PATH, encoding="utf-8") as file:  # noqa: PTH123 - pathlib is slow to import
        for line in file:
            name, spellings, kind, said = line.rstrip("\n").split("\t")
            if name != command:
                continue
            if spellings:
                options.append(Option(tuple(spellings.split(",")), kind or None, said))
            else:
                goes_on = kind.endswith("...")
                arguments.append(kind.removesuffix("..."))
    return Signature(tuple(options), tuple(arguments), goes_on)
