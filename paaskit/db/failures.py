"""What an error of PostgreSQL says about the database: is it away, busy, read-only, or not yet as it should be?

All of these are Unavailable, because the same request works once the database is well again. Whatever is not listed
here is a fault of a statement, and stays what it is.
"""

from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import errors

from paaskit.errors import Conflict, InvalidInput, Unavailable


@dataclass(frozen=True)
class Failure:
    """One way of a database to be unavailable: what callers are told of it, and whether its connections are spoilt."""

    reason: str
    sentence: str
    spoils_connections: bool = False


AWAY: Final = Failure("UNAVAILABLE", "cannot be reached now", spoils_connections=True)
READ_ONLY: Final = Failure("READ_ONLY", "takes no changes now", spoils_connections=True)
"""A standby, as during a failover, or a disk that is full."""
BUSY: Final = Failure("BUSY", "is busy")
NOT_READY: Final = Failure("NOT_READY", "is not set up for this yet")
"""A privilege or a table is missing: the migrations that this version needs have not run."""

_FAILURES: Final[dict[type[psycopg.Error], Failure]] = {
    errors.ReadOnlySqlTransaction: READ_ONLY,
    errors.DiskFull: READ_ONLY,
    errors.DeadlockDetected: BUSY,
    errors.SerializationFailure: BUSY,
    errors.LockNotAvailable: BUSY,
    errors.QueryCanceled: BUSY,  # statement_timeout
    errors.TooManyConnections: BUSY,
    errors.InsufficientPrivilege: NOT_READY,
    errors.UndefinedTable: NOT_READY,
    errors.UndefinedColumn: NOT_READY,
    errors.IdleInTransactionSessionTimeout: AWAY,
    psycopg.OperationalError: AWAY,
    psycopg.InterfaceError: AWAY,
}
# The function of PostgreSQL that refuses a row which its policies don't allow. It has the code of a missing privilege,
# but waiting mends nothing: it is a statement that reached for another tenant's row.
_ROW_SECURITY: Final = "ExecWithCheckOptions"
# Two requests of one id at once, about things apart, so that no lock kept them apart. It is nobody's fault but the
# caller's, and no reason to call the database busy.
_SAME_REQUEST: Final = "requests_pkey"
# PostgreSQL's texts have no NUL; psycopg says so before it sends one.
_NUL: Final = "NUL (0x00)"


def failure_of(error: psycopg.Error) -> Failure | None:
    """Return what the error says about the database, or None where the statement is at fault."""
    if isinstance(error, errors.InsufficientPrivilege) and error.diag.source_function == _ROW_SECURITY:
        return None
    return next((_FAILURES[kind] for kind in type(error).__mro__ if kind in _FAILURES), None)


def request_clash_of(error: psycopg.Error) -> Conflict | None:
    """Return what to tell a request while another of the same id is under way, where that is what went wrong."""
    if not isinstance(error, errors.UniqueViolation) or error.diag.constraint_name != _SAME_REQUEST:
        return None
    return Conflict(
        "Another request with this id is under way. Send it again, or use a new id for something else.",
        reason="REQUEST_UNDER_WAY",
    )


def unstorable_of(error: psycopg.Error) -> InvalidInput | None:
    """Return what to tell a request that holds a text which no column can, where that is what went wrong.

    Whoever sent it would otherwise be told of a fault of ours and send it again for ever.
    """
    # A NUL in a text of JSON is an escape that PostgreSQL can't take; in any other, psycopg doesn't send it.
    in_json = isinstance(error, errors.UntranslatableCharacter)
    in_text = isinstance(error, psycopg.DataError) and error.sqlstate is None and _NUL in str(error)
    if not in_json and not in_text:
        return None
    return InvalidInput("The request holds what it may not: a text has a NUL character.")


def unavailable(failure: Failure, *, service: str) -> Unavailable:
    """Return the error for callers of the service whose database it is."""
    return Unavailable(
        f"The database of {service} {failure.sentence}. Try again in a moment.",
        reason=failure.reason,
        metadata={"service": service},
    )
