"""The rule that nothing awaits another service, or the key service, while a transaction is open.

Whoever waits inside a transaction keeps a connection and its row locks for as long as the other side takes: sixteen
such writers are every connection there is. `Database` notes here that a transaction is open; whatever goes over the
network calls `refuse_in_transaction` first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import structlog

from paaskit.errors import Internal

log = structlog.get_logger()


@dataclass
class _Transaction:
    """One transaction. Tasks that are started inside share it, and see that it has ended."""

    is_open: bool = True


_current: ContextVar[_Transaction | None] = ContextVar("paas_transaction", default=None)


@contextmanager
def noted() -> Iterator[None]:
    """Note that a transaction of this task is open until the end of the block. Only `Database` calls this."""
    outer, mine = _current.get(), _Transaction()
    _current.set(mine)
    try:
        yield
    finally:
        mine.is_open = False
        # Not by a token: an abandoned generator is closed in another context, where a token is of no use.
        _current.set(outer)


def refuse_in_transaction(what: str) -> None:
    """Raise Internal, and log an error, where a transaction of this task is open.

    `what` says what was about to be waited for: a service's name, or `kms`.
    """
    transaction = _current.get()
    if transaction is None or not transaction.is_open:
        return
    log.error("call_in_transaction", what=what)
    raise Internal(f"A transaction was open while {what} was called.")
