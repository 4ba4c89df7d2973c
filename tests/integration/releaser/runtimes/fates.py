"""What becomes of the programs that a runtime starts: decided by the test, whatever the runtime is.

No runtime is told which of its programs are to fail: each program asks when it is started. `serving` is where real ones
ask (`tests/fakes/program.py`); they say of which release they are and who they are.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum


class Fate(Enum):
    """Becomes ready; becomes ready once `let_through` was called; ends, each time it is started."""

    READY = b"ready"
    WAITS = b"waits"
    ENDS = b"ends"


class Fates:
    """The programs of one app: what they are to become, and what was started so far."""

    def __init__(self) -> None:
        self._planned: dict[int, Sequence[Fate]] = {}
        self._started: list[tuple[int, str]] = []
        self._through = asyncio.Event()

    def plan(self, release: int, fates: Sequence[Fate]) -> None:
        """Have the first program of a release that is begun become the first of these, and so on; the last is for all
        that come after it.
        """
        self._planned[release] = fates

    def let_through(self) -> None:
        """Let those become ready that wait."""
        self._through.set()

    async def ask(self, release: int, who: str) -> bool:
        """Note that a program was started; return once it may become ready, True, or has to end, False."""
        self._started.append((release, who))
        planned = self._planned[release]
        begun = [each for of, each in dict.fromkeys(self._started) if of == release]
        fate = planned[min(begun.index(who), len(planned) - 1)]
        if fate is Fate.WAITS:
            await self._through.wait()
        return fate is not Fate.ENDS

    def starts(self, release: int) -> int:
        """How many times programs of a release were started so far."""
        return sum(of == release for of, _ in self._started)

    def all_starts(self) -> int:
        """The same of every release."""
        return len(self._started)

    def begun(self, release: int) -> int:
        """How many programs of a release were started so far, each counted once."""
        return sum(of == release for of, _ in set(self._started))


@asynccontextmanager
async def serving(fates: Fates, host: str) -> AsyncIterator[str]:
    """Answer programs that ask, on a free port of an address of this machine; `address:port`, for the time being."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        release, who = (await reader.readline()).decode().split()
        became = await fates.ask(int(release.removeprefix("v")), who)
        writer.write((Fate.READY if became else Fate.ENDS).value)
        writer.close()

    server = await asyncio.start_server(answer, host, 0)
    try:
        yield f"{host}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
