"""A call that ended without its answer, as the channel saw it. Turning it into words is its callers' work.

Codes are those of gRPC (google.rpc.Code); grpc itself is no dependency.
"""

from enum import Enum

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
ABORTED = 10
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
UNAUTHENTICATED = 16

NAMES = (
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
)


class Delivery(Enum):
    """How far a request got."""

    NOT_SENT = "nothing left this machine"
    ANSWERED = "the other side answered"
    UNKNOWN = "sent, and no answer came back"


_NOTHING_DONE = "Nothing was done; try again in a moment."


class RpcError(Exception):
    """A call that failed.

    `message` is the server's sentence or, where none came, the reason. `status` is the serialized
    google.rpc.Status, empty where there is none. `unavailable` names what the gateway says it could not ask.
    """

    def __init__(
        self,
        code: int,
        message: str,
        *,
        path: str,
        delivery: Delivery,
        status: bytes = b"",
        unavailable: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.delivery = delivery
        self.status = status
        self.unavailable = unavailable

    @property
    def service(self) -> str:
        """The service called: `config` for `/paas.config.v1.ConfigService/ListVars`."""
        parts = self.path.lstrip("/").split(".")
        return parts[1] if len(parts) > 1 else parts[0]

    @property
    def is_of_too_many(self) -> bool:
        """Whether there were too many requests at once, so that nothing was done; a little later it may be done.

        Told by the sentence, which the gateway and the services share: the gateway sends no more than that.
        """
        return self.code == RESOURCE_EXHAUSTED and _NOTHING_DONE in self.message

    @property
    def code_name(self) -> str:
        """`NOT_FOUND` for 5."""
        return NAMES[self.code] if 0 <= self.code < len(NAMES) else str(self.code)


class SignInRenewed(RpcError):
    """A stream that ended with the time of the sign-in it was opened with. There is a fresh one: open it again."""


class Unanswered(RpcError):
    """A call that was sent, and whose connection ended before a byte of an answer came."""


class NotGateway(RpcError):
    """What answered is no gateway. `message` says what it does, and `scheme` how it is asked where that is all."""

    def __init__(self, message: str, *, path: str, scheme: str | None = None) -> None:
        super().__init__(UNIMPLEMENTED, message, path=path, delivery=Delivery.ANSWERED)
        self.scheme = scheme


class Misconfigured(RpcError):
    """A call that was not sent, since the environment names a proxy that can't be used. `message` is a sentence."""

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(UNKNOWN, message, path=path, delivery=Delivery.NOT_SENT)
