"""Commands from cold: whole processes, in turn with what they are measured against."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.load import Ratio, at_most, medians
from local.stack import Stack

_PAAS: Final = str(Path(sys.executable).parent / "paas")
_IMPORTS: Final = "import click, google.protobuf.message"
_PAIRS: Final = 41
_MOST_MORE_MS: Final = 150.0


@dataclass(frozen=True)
class Signed:
    """Somebody signed in to a stack, by their environment alone."""

    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def in_to(cls, stack: Stack, token: str) -> "Signed":
        """Whoever has the token."""
        home = {"PATH": os.defpath, "HOME": str(stack.layout.root)}
        return cls({**home, "PAAS_GATEWAY": stack.gateway_url, "PAAS_TOKEN": token})

    def config(self, *, app: str) -> Ratio:
        """`paas config` through the gateway, cold start to exit, against importing click and protobuf."""
        bare = [sys.executable, "-c", _IMPORTS]
        figures = medians(_pairs([_PAAS, "config", "-a", app], bare, self.environment))
        return at_most(figures, measure="`paas config`", against=f'`python -c "{_IMPORTS}"`', unit="ms", reach=1.5)

    def help_text(self, heroku: Path) -> Ratio:
        """`paas config --help`, against Heroku's."""
        pairs = _pairs([_PAAS, "config", "--help"], [str(heroku), "config", "--help"], self._with_node(), pairs=11)
        return at_most(
            medians(pairs), measure="`paas config --help`", against="`heroku config --help`", unit="ms", reach=0.2
        )

    def run(self, *, app: str) -> Ratio:
        """`paas run -- true` with all of an app's variables, against `true` alone: how much more it takes."""
        pairs = _pairs([_PAAS, "run", "-a", app, "--", "true"], ["true"], self.environment)
        ours, theirs, ratio = medians(pairs)
        more = statistics.median(one - other for one, other in pairs)
        return Ratio(
            f"`paas run -- true`, {more:.0f} ms more than",
            "`true`",
            "ms",
            ours,
            theirs,
            ratio,
            f"≤ {_MOST_MORE_MS:g} ms more",
            more <= _MOST_MORE_MS,
        )

    def _with_node(self) -> Mapping[str, str]:
        return {**self.environment, "PATH": os.environ["PATH"], "HEROKU_SKIP_ANALYTICS": "1", "CI": "1"}


def _pairs(
    ours: Sequence[str], theirs: Sequence[str], environment: Mapping[str, str], *, pairs: int = _PAIRS
) -> list[tuple[float, float]]:
    """Milliseconds of both, each pair one right after the other, once the file cache is warm."""
    for command in (ours, theirs):
        _milliseconds(command, environment)
    return [(_milliseconds(ours, environment), _milliseconds(theirs, environment)) for _ in range(pairs)]


def _milliseconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=dict(environment), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000
