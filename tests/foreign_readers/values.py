"""Values that readers are tried with: 56 that broke something once, and 200 of what quoting is about."""

import json
from pathlib import Path
from random import Random
from typing import Final

ODD: Final[dict[str, str]] = json.loads((Path(__file__).parents[1] / "data" / "odd-values.json").read_text("utf-8"))
_LETTERS: Final = "ab1 '\"\\$`#=\n\r\t{}()!~;&|*?<>%/.:-[]@é☃\xa0"
_QUOTING: Final = "'\"\\$`a{}\n\r "


def generated(count: int, *, seed: int) -> list[str]:
    """Values of up to twelve characters, every other of what escapes are about alone."""
    rng = Random(seed)
    return [
        "".join(rng.choice(_QUOTING if at % 2 else _LETTERS) for _ in range(rng.randint(1, 12))) for at in range(count)
    ]


ALL: Final = [*ODD.values(), *generated(200, seed=66)]
