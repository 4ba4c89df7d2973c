"""The entries of the `*.toml` files here."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """One fault. `file` is relative to the repository; `test` is a pytest node id, or a file of tests.

    `security` is the name of the security check that the fault takes out, empty where it is another kind of rule.
    """

    fault: str
    file: str
    text: str
    replacement: str
    test: str
    security: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.fault}"

    def applied_to(self, source: str) -> str:
        """The file's text with the fault in it. Raises ValueError unless the text is there exactly once."""
        if source.count(self.text) != 1:
            raise ValueError(f"{self.file} has the text {source.count(self.text)} times, not once")
        return source.replace(self.text, self.replacement)


def mutations() -> list[Mutation]:
    """All of them, file by file. Raises TypeError where an entry has another field or lacks one."""
    return [
        Mutation(**entry)
        for path in sorted(FOLDER.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]
    ]
