"""What the audit service serves of the tenant's log. Nothing of it is believed here; how much is taken is bounded."""

from typing import Final

from paas_cli.errors import Failure
from paas_cli.log.told import Served, told
from paas_cli.session import Session
from paas_transport import rpc_error
from paas_transport.rpc_error import RpcError, SignInRenewed
from transparency.encoding import HASH_SIZE
from transparency.failures import Misfit, NotServed
from transparency.tiles.bundles import LARGEST_BUNDLE
from transparency.tiles.paths import WIDTH, Bundle, parsed

_SERVICE: Final = "/paas.audit.v1.AuditService/"
# Pauses before another try of a file, in seconds.
_PAUSES: Final = (0.2, 1.0, 3.0)
# Longer than this no piece of a file takes.
_IDLE_SECONDS: Final = 30.0
_AGAIN: Final = (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED)


class EntriesDenied(Exception):
    """Entries are not for this caller, who is limited to some apps; hashes are."""


def served(session: Session) -> Served:
    """Ask what the tenant's log is called. Raises Failure, and Malformed for an answer that can't be of a log."""
    from paas.audit.v1 import audit_pb2

    log = told(session.read(_SERVICE + "GetLog", audit_pb2.GetLogRequest(), audit_pb2.GetLogResponse))
    if not log.note:
        raise Failure("The audit log was not published yet; try again in a moment.")
    return log


class LogFiles:
    """The files of the log. It may be shared by threads.

    `has_served_entries` says whether there were any that this caller may read.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.has_served_entries = False

    def fetch(self, path: str) -> bytes:
        """Return what is at a path. Raises NotServed, EntriesDenied, Misfit where it is too large, and Failure."""
        part = parsed(path)
        for pause in (*_PAUSES, None):
            try:
                content = self._content(path, most=LARGEST_BUNDLE if isinstance(part, Bundle) else WIDTH * HASH_SIZE)
            except SignInRenewed:
                continue
            except RpcError as error:
                if error.code == rpc_error.NOT_FOUND:
                    raise NotServed(path) from None
                if error.code == rpc_error.PERMISSION_DENIED and isinstance(part, Bundle):
                    raise EntriesDenied from None
                if pause is None or not (error.code in _AGAIN or error.is_of_too_many):
                    raise self._session.failure(error, effect=None) from None
                self._session.surroundings.sleep(pause)
            else:
                self.has_served_entries = self.has_served_entries or isinstance(part, Bundle)
                return content
        raise Failure("The sign-in ends again and again while the log is read; try again in a moment.")

    def _content(self, path: str, *, most: int) -> bytes:
        from paas.audit.v1 import audit_pb2

        session, request = self._session, audit_pb2.ReadLogFileRequest(path=path)
        answer = audit_pb2.ReadLogFileResponse
        content = bytearray()
        for piece in session.stream(_SERVICE + "ReadLogFile", request, answer, idle=_IDLE_SECONDS):
            content += piece.body.data
            if len(content) > most:
                raise Misfit(f"{path} is larger than it may be", path=path)
        return bytes(content)
