"""The proxy for tests of programs, which have no event loop: it runs in a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE
from tests.kubernetes.control_plane import ControlPlane
from tests.kubernetes.faults.behind import standing_before
from tests.kubernetes.faults.proxy import Proxy


@contextmanager
def proxy_in_a_thread(control_plane: ControlPlane, tls: Certificates) -> Iterator[Proxy]:
    """Stand before the API server until the end of the block. `choose` and `answered` are called in the thread."""
    found: list[Proxy] = []
    up, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def stand() -> None:
        async with standing_before(control_plane, tls) as before:
            found.append(before)
            up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(stand(),), daemon=True)
    thread.start()
    try:
        assert up.wait(PATIENCE), "the proxy did not start"
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        loop.close()
