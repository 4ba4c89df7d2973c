"""Going on after a connection broke: how long to wait before each new try, and when to give up."""

from paas_cli.session import Session
from paas_cli.typed.durations import shown
from paas_transport import rpc_error
from paas_transport.rpc_error import RpcError

SECONDS = 300
"""How long it is tried again before it is given up."""
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
_OVER = (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED)


# A connection that was there for so long was good, though nothing came.
_GOOD_SECONDS = 30


class Patience:
    """What is left of it. An answer fills it up."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waited = 0.0
        self._tries = 0
        self._began = 0.0

    def begin(self) -> None:
        """Note when a try began."""
        self._began = self._session.surroundings.now()

    def answered(self) -> None:
        """Start anew: the connection is good."""
        self._tries, self._waited = 0, 0.0

    def wait(self, error: RpcError | None) -> None:
        """Wait for the next try after an error, or after an end without one. Raises Failure where there is none.

        The first new try is nothing to speak of: a stream ends every few minutes, and goes on somewhere else.
        """
        if self._session.surroundings.now() - self._began >= _GOOD_SECONDS:
            self.answered()
        passes = error is None or error.code in _OVER or error.is_of_too_many
        if error is not None and (not passes or self._waited >= SECONDS):
            raise self._session.failure(error, effect=None) from None
        if self._tries == 1:
            self._session.note(f"the connection is lost; trying again for up to {shown(SECONDS)}.")
        pause = _PAUSES[min(self._tries, len(_PAUSES) - 1)]
        self._session.surroundings.sleep(pause)
        self._tries += 1
        self._waited += pause
