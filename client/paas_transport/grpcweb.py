"""A gRPC-web channel: unary calls and server streams as five-byte frames in an HTTP body.

Our own because a ready one brings a second protobuf runtime and a third of a second of imports. Follows
PROTOCOL-WEB.md of the grpc project, binary form. Must not word errors for people, nor log or print anything.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, Self, TypeVar

from paas_transport import http1, rpc_error
from paas_transport.address import Address
from paas_transport.rpc_error import Delivery, Misconfigured, NotGateway, RpcError, Unanswered


class Encodable(Protocol):
    """A message that can be sent: generated, or written by hand for speed."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - protobuf's name
        """The message's bytes."""


class Decodable(Protocol):
    """A message that can be received."""

    @classmethod
    def FromString(cls, payload: bytes, /) -> Self:  # noqa: N802 - protobuf's name
        """Read a message. Raises where the bytes are none."""


Answer = TypeVar("Answer", bound=Decodable)

_CONTENT_TYPE = "application/grpc-web+proto"
_TRAILERS = 0x80
_COMPRESSED = 0x01
# An app's variables are at most 512 KiB; a page of anything stays far below this.
_MAX_FRAME = 16 * 1024 * 1024
# What a service adds to its answer where the token ends within days: when, in seconds since 1970.
_TOKEN_ENDS = "x-paas-token-ends"  # noqa: S105 - the name of a trailer
_SECONDS_LENGTH = 11  # the year 5138 has no more, and whatever is longer is no time
# Pauses before the second and third try, in seconds.
_PAUSES = (0.15, 0.5)
# What stands before a gateway says these with a page of its own while the gateway can't be reached.
_OVERLOADED = frozenset({429, 502, 503, 504})
# https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
_BY_HTTP_STATUS = {
    400: rpc_error.INTERNAL,
    401: rpc_error.UNAUTHENTICATED,
    403: rpc_error.PERMISSION_DENIED,
    404: rpc_error.UNIMPLEMENTED,
    413: rpc_error.RESOURCE_EXHAUSTED,
    429: rpc_error.UNAVAILABLE,
    502: rpc_error.UNAVAILABLE,
    503: rpc_error.UNAVAILABLE,
    504: rpc_error.UNAVAILABLE,
}


class Channel:
    """Calls to one gateway with one token; without one where `token` is None.

    `token_ends` is when that token ends, in seconds since 1970, once an answer said that it does soon.
    """

    def __init__(
        self,
        address: Address,
        *,
        token: str | None,
        user_agent: str,
        sleep: Callable[[float], None] = time.sleep,
        ca_file: str | None = None,
    ) -> None:
        self._address = address
        self._token = token
        self._user_agent = user_agent
        self._sleep = sleep
        self._ca_file = ca_file
        self.token_ends: int | None = None

    def unary(
        self, path: str, request: Encodable, *, answer: type[Answer], repeatable: bool, timeout: float = 30.0
    ) -> Answer:
        """One request, one answer, within `timeout` seconds a try.

        A `repeatable` request is sent up to three times while UNAVAILABLE: one that only reads, or one whose
        request id makes a second arrival harmless. So is any that was refused because there were too many at once,
        since nothing was done. Raises RpcError.
        """
        has_left = is_lost = False
        for pause in (*_PAUSES, None):
            try:
                return self._once(path, request, answer, timeout)
            except RpcError as error:
                never_left = error.delivery is Delivery.NOT_SENT
                if (never_left and has_left) or (is_lost and error.code == rpc_error.UNAVAILABLE):
                    error.delivery = Delivery.UNKNOWN  # what is known of this try says nothing of an earlier one
                has_left = has_left or not (never_left or error.is_of_too_many)
                is_lost = is_lost or error.delivery is Delivery.UNKNOWN
                again = (error.code == rpc_error.UNAVAILABLE and repeatable) or error.is_of_too_many
                if not again or pause is None:
                    raise
                self._sleep(pause)
        raise AssertionError("the last try returns or raises")

    def stream(self, path: str, request: Encodable, *, answer: type[Answer], idle: float = 600.0) -> Iterator[Answer]:
        """One request, answers as they come, at most `idle` seconds apart. Raises RpcError; never tries again."""
        with self._post(path, request, timeout=None, idle=idle) as response:
            yield from _answers(path, response, answer, trailers={})

    def _once(self, path: str, request: Encodable, answer: type[Answer], timeout: float) -> Answer:
        with self._post(path, request, timeout=timeout, idle=None) as response:
            trailers: dict[str, str] = {}
            answers = list(_answers(path, response, answer, trailers=trailers))
        if len(answers) != 1:
            raise RpcError(rpc_error.INTERNAL, "the answer is not one message", path=path, delivery=Delivery.ANSWERED)
        ends = trailers.get(_TOKEN_ENDS, "")
        if ends.isascii() and ends.isdigit() and len(ends) <= _SECONDS_LENGTH:
            self.token_ends = int(ends)
        return answers[0]

    def _post(self, path: str, request: Encodable, *, timeout: float | None, idle: float | None) -> http1.Response:
        payload = request.SerializeToString()
        headers = {
            "content-type": _CONTENT_TYPE,
            "accept": _CONTENT_TYPE,
            "x-grpc-web": "1",
            "user-agent": self._user_agent,
        }
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        if timeout is not None:
            headers["grpc-timeout"] = f"{int(timeout * 1000)}m"
        body = b"\x00" + len(payload).to_bytes(4, "big") + payload
        try:
            return http1.post(
                self._address, path, headers=headers, body=body, timeout=timeout, idle=idle, ca_file=self._ca_file
            )
        except http1.Unusable as error:
            raise Misconfigured(str(error), path=path) from None
        except http1.OtherProtocol as error:
            raise NotGateway(str(error), path=path, scheme=error.scheme) from None
        except http1.NotTrusted as error:
            raise RpcError(rpc_error.UNKNOWN, str(error), path=path, delivery=Delivery.NOT_SENT) from None
        except http1.NotSent as error:
            raise RpcError(rpc_error.UNAVAILABLE, str(error), path=path, delivery=Delivery.NOT_SENT) from None
        except (http1.Broken, http1.TimedOut) as error:
            raise _lost(path, error) from None


def _lost(path: str, error: Exception) -> RpcError:
    """What a connection that ended too early means."""
    if isinstance(error, http1.TimedOut):
        return RpcError(rpc_error.DEADLINE_EXCEEDED, "no answer in time", path=path, delivery=Delivery.UNKNOWN)
    kind = Unanswered if isinstance(error, http1.Silent) else RpcError
    return kind(rpc_error.UNAVAILABLE, str(error), path=path, delivery=Delivery.UNKNOWN)


def _answers(
    path: str, response: http1.Response, answer: type[Answer], *, trailers: dict[str, str]
) -> Iterator[Answer]:
    """Messages up to the trailers, which are put into `trailers`. Raises RpcError unless these say OK."""
    if "grpc-status" in response.headers:  # "trailers-only": there is no body to speak of
        _check(path, response.headers, response.headers)
        return
    is_grpc = response.headers.get("content-type", "").startswith("application/grpc")
    if response.status != 200 or not is_grpc:
        _refuse_http(path, response, is_grpc=is_grpc)
    try:
        for kind, payload in _frames(response):
            if kind & _TRAILERS:
                trailers.update(_trailers(payload))
                _check(path, trailers, response.headers)
                return
            yield _parsed(path, payload, answer)
    except (http1.Broken, http1.TimedOut) as error:
        raise _lost(path, error) from None


def _parsed(path: str, payload: bytes, answer: type[Answer]) -> Answer:
    try:
        return answer.FromString(payload)
    except Exception:  # DecodeError or ValueError; the text may quote the payload
        raise RpcError(
            rpc_error.INTERNAL,
            "the answer can't be read; is this program too old?",
            path=path,
            delivery=Delivery.ANSWERED,
        ) from None


def _frames(response: http1.Response) -> Iterator[tuple[int, bytes]]:
    """(flags, payload) of each frame. Raises http1.Broken where the body ends, which the trailers come before."""
    buffer = bytearray()
    while True:
        while len(buffer) >= 5:
            size = int.from_bytes(buffer[1:5], "big")
            if size > _MAX_FRAME:
                raise http1.Broken("the answer is larger than any answer should be")
            if buffer[0] & _COMPRESSED:
                raise http1.Broken("the answer is compressed, which was not asked for")
            if len(buffer) < 5 + size:
                break
            frame = buffer[0], bytes(buffer[5 : 5 + size])
            del buffer[: 5 + size]
            yield frame
        data = response.read_some()
        if not data:
            raise http1.Broken("the answer ended before it was complete")
        buffer += data


def _trailers(payload: bytes) -> dict[str, str]:
    fields = {}
    for line in payload.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    return fields


def _check(path: str, trailers: Mapping[str, str], headers: Mapping[str, str]) -> None:
    """Raise RpcError unless the status is OK."""
    status = trailers.get("grpc-status", "")
    code = int(status) if status.isascii() and status.isdigit() else rpc_error.UNKNOWN
    if code == rpc_error.OK:
        return
    unavailable = headers.get("x-paas-unavailable", "")
    raise RpcError(
        rpc_error.UNAVAILABLE if unavailable else code,
        _percent_decoded(trailers.get("grpc-message", "")),
        path=path,
        delivery=Delivery.ANSWERED,
        status=_unpadded_base64(trailers.get("grpc-status-details-bin", "")),
        unavailable=unavailable,
    )


def _refuse_http(path: str, response: http1.Response, *, is_grpc: bool) -> None:
    """Raise the RpcError for an answer that carries no gRPC status."""
    unavailable = response.headers.get("x-paas-unavailable", "")
    is_page = response.headers.get("content-type", "").lower().startswith("text/html")
    if is_page and response.status not in _OVERLOADED:
        raise NotGateway(f"answers with a web page (HTTP status {response.status})", path=path)
    code = _BY_HTTP_STATUS.get(response.status, rpc_error.UNKNOWN)
    message = f"HTTP status {response.status}" if response.status != 200 else "an answer that is not gRPC-web"
    raise RpcError(
        rpc_error.UNAVAILABLE if unavailable else code,
        message if not is_grpc else "",
        path=path,
        delivery=Delivery.ANSWERED,
        unavailable=unavailable,
    )


def _percent_decoded(text: str) -> str:
    """A grpc-message as its sender wrote it; broken escapes stay as they are."""
    if "%" not in text:
        return text.encode("latin-1").decode("utf-8", "replace")
    first, *rest = text.encode("latin-1").split(b"%")
    out = bytearray(first)
    for part in rest:
        is_escape = len(part) >= 2 and all(digit in b"0123456789abcdefABCDEF" for digit in part[:2])
        out += bytes.fromhex(part[:2].decode()) + part[2:] if is_escape else b"%" + part
    return out.decode("utf-8", "replace")


def _unpadded_base64(text: str) -> bytes:
    """Bytes of a `-bin` field, whose padding is optional. Empty where it is not base64."""
    if not text:
        return b""
    from binascii import Error, a2b_base64

    try:
        return a2b_base64(text + "=" * (-len(text) % 4))
    except Error:
        return b""
