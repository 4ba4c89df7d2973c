"""The facts of an incident, asked with the session of a command."""

from paas_cli.incident.source import Answer
from paas_cli.session import Session
from paas_transport import rpc_error
from paas_transport.grpcweb import Encodable
from paas_transport.rpc_error import RpcError


class BySession:
    """A `Source`. Raises Failure."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def now(self) -> float:
        """Seconds since 1970."""
        return self._session.surroundings.now()

    def read(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer:
        """Ask."""
        return self._session.read(path, request, answer)

    def find(self, path: str, request: Encodable, answer: type[Answer], /) -> Answer | None:
        """Ask; None where it is not there."""
        try:
            return self._session.try_to_read(path, request, answer)
        except RpcError as error:
            if error.code == rpc_error.NOT_FOUND:
                return None
            raise self._session.failure(error, effect=None) from None
