"""The Dockerfile, read: its stages with their instructions. Enough of the language for what it uses."""

from dataclasses import dataclass, field
from typing import Final

from tests.architecture.sources import ROOT

_ENDS_STAGE: Final = "FROM"


@dataclass
class Stage:
    """One stage: what it stands on, another stage or an image, and its instructions in order."""

    name: str
    parent: str
    instructions: list[tuple[str, str]] = field(default_factory=list)

    def of(self, instruction: str) -> list[str]:
        """What follows an instruction, each time it stands in this stage."""
        return [rest for name, rest in self.instructions if name == instruction]


def stages() -> dict[str, Stage]:
    """The stages by name. Raises AssertionError for one without."""
    found: dict[str, Stage] = {}
    current: Stage | None = None
    for line in (ROOT / "Dockerfile").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        assert not line.endswith("\\"), "a line is whole"
        instruction, _, rest = line.partition(" ")
        if instruction == _ENDS_STAGE:
            parent, as_, name = rest.split()
            assert as_ == "AS"
            current = found[name] = Stage(name, parent)
        elif current is not None:
            current.instructions.append((instruction, rest))
    return found


def lineage(stage: Stage, known: dict[str, Stage]) -> list[Stage]:
    """A stage and those it stands on, the first one first."""
    return [*(lineage(known[stage.parent], known) if stage.parent in known else []), stage]
