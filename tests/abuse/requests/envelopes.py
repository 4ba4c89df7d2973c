"""What is wrong around a message: its frame, the headers, the path, the trailers. One function a kind."""

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.abuse.requests.http2 import Field, Request, header_block, message

_FORGED: Final[tuple[Field, ...]] = (
    (b"x-paas-identity", b"e30.e30.AAAA"),
    (b"x-paas-tenant", b"globex"),
    (b"x-forwarded-client-cert", b"URI=spiffe://paas/releaser"),
    (b"x-envoy-upstream-rq-timeout-ms", b"1"),
    (b"grpc-status", b"0"),
    (b"authorization", b"Bearer paas_pat_000000000000000000000000000000000000"),
)
# A gigabyte of zeros is a megabyte of this; the limit on a message counts what it is unpacked to.
_BOMB: Final = gzip.compress(b"\0" * 32_000_000)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One method as it is called: its path, and the headers of the caller. Not `path` alone: how it is reached, too."""

    place: str
    path: str
    caller: tuple[Field, ...] = ()
    deadline: bytes = b"20S"
    is_stream: bool = False

    def fields(self, **changes: bytes | None) -> list[Field]:
        """The headers of a good call, some changed or, for None, left out. `path` stands for `:path`."""
        whole: dict[str, bytes | None] = {
            "method": b"POST",
            "scheme": b"https",
            "path": self.path.encode(),
            "authority": self.place.encode(),
            "te": b"trailers",
            "content-type": b"application/grpc",
            "grpc-timeout": self.deadline,
        }
        whole |= {name.replace("_", "-"): value for name, value in changes.items()}
        pseudo = ("method", "scheme", "path", "authority")
        named = [(f":{name}" if name in pseudo else name, value) for name, value in whole.items()]
        return [(name.encode(), value) for name, value in named if value is not None] + list(self.caller)

    def request(self, raw: bytes) -> Request:
        """A good call with a body of one message."""
        return Request(headers=header_block(self.fields()), body=message(raw))


Kind = Callable[[Target, bytes, random.Random], Request]


def frame_lengths(target: Target, raw: bytes, choice: random.Random) -> Request:
    """A message whose prefix lies about its length, or is cut, or that comes twice or not at all."""
    body = choice.choice((
        message(raw, length=len(raw) + 1),
        message(raw, length=max(0, len(raw) - 1)),
        message(raw, length=2**32 - 1),
        message(raw, length=2**31),
        message(raw)[:3],
        message(raw) * 2,
        message(raw) + b"\0",
        raw,
        b"",
    ))  # fmt: skip
    return Request(headers=header_block(target.fields()), body=body, trailers=None)


def compression(target: Target, raw: bytes, choice: random.Random) -> Request:
    """A message that says to be compressed and is not, or is in a way that nobody knows, or unpacks to megabytes."""
    encoding, body = choice.choice((
        (None, message(raw, compressed=1)),
        (None, message(raw, compressed=choice.randint(2, 255))),
        (b"identity", message(raw, compressed=1)),
        (b"gzip", message(raw, compressed=1)),
        (b"gzip", message(gzip.compress(raw)[:-6], compressed=1)),
        (b"gzip", message(_BOMB, compressed=1)),
        (b"deflate", message(gzip.compress(raw), compressed=1)),
        (b"snappy", message(raw, compressed=1)),
        (b"x" * 200, message(raw, compressed=1)),
    ))  # fmt: skip
    return Request(headers=header_block(target.fields(grpc_encoding=encoding)), body=body)


def content_types(target: Target, raw: bytes, choice: random.Random) -> Request:
    """Another content type, or none."""
    kind = choice.choice((
        None, b"", b"application/json", b"application/grpc+json", b"application/grpcx", b"text/html", b"application",
        b"application/grpc;charset=\xff", b"APPLICATION/GRPC", b"application/grpc-web", b"application/grpc-web-text",
        b"multipart/form-data; boundary=x", b"application/grpc, text/html", b"x" * 2_000,
    ))  # fmt: skip
    return Request(headers=header_block(target.fields(content_type=kind)), body=message(raw))


def methods(target: Target, raw: bytes, choice: random.Random) -> Request:
    """Another HTTP method."""
    method = choice.choice((b"GET", b"PUT", b"DELETE", b"OPTIONS", b"HEAD", b"TRACE", b"PATCH", b"post", b"POSTS", b""))
    return Request(headers=header_block(target.fields(method=method)), body=message(raw))


def paths(target: Target, raw: bytes, choice: random.Random) -> Request:
    """Another spelling of the path: without its first slash (CVE-2026-33186), with more, escaped, with dots."""
    good = target.path
    _, service, name = good.split("/")
    path = choice.choice((
        good[1:], f"/{good}", f"/{service}//{name}", f"{good}/", f"/./{service}/{name}", f"/x/../{service}/{name}",
        good.replace(".", "%2e"), good.replace("/", "%2f"), f"/{service}%2f{name}", f"{good}?a=b", f"{good}#a",
        f"{good};a", good.upper(), good.lower(), f"{good}%00", f"{good}\0", f"/{service}\\{name}", f"{good} ",
        f"/{service}", "/", "", "*", f"https://elsewhere{good}", f"{good}é", "/" + "a" * 4_000,
        f"/{service.replace('Service', 'InternalService')}/{name}", "/grpc.health.v1.Health/List", f"/%2e%2e{good}",
    ))  # fmt: skip
    return Request(headers=header_block(target.fields(path=path.encode())), body=message(raw))


def headers(target: Target, raw: bytes, choice: random.Random) -> Request:
    """Headers that are forged, twice, in the wrong place, too many, too long, or not even headers."""
    fields = target.fields()
    odd: tuple[list[Field], ...] = (
        [*fields, *_FORGED[:4]],
        [*fields, (b"X-Paas-Identity", b"e30.e30.AAAA")],
        [*fields, (b"x_paas_identity", b"e30.e30.AAAA")],
        [*fields, (b":path", target.path.encode())],
        [*fields, (b":unknown", b"1")],
        [(b"te", b"trailers"), *fields],
        [*fields, (b"connection", b"close")],
        [*fields, (b"transfer-encoding", b"chunked")],
        [*fields, (b"content-length", b"7")],
        [*fields, (b"a b", b"1")],
        [*fields, (b"", b"1")],
        [*fields, (b"a", b"b\r\nx-paas-tenant: globex")],
        [*fields, (b"a", b"\0")],
        [*fields, (b"a", b"\xff\xfe")],
        [*fields, (b"a-bin", b"*not base64*")],
        [*fields, (b"grpc-status-details-bin", b"AAAA")],
        [*fields, *((b"a", b"1"),) * 500],
        [*fields, (b"a", b"x" * 20_000)],
        [*fields, (b"host", b"elsewhere")],
        [*fields, *fields],
        [*fields, (b"a", b"x" * 15_900)],
        target.fields(te=None),
        target.fields(scheme=None),
        target.fields(authority=b"elsewhere"),
        target.fields(grpc_accept_encoding=b"x" * 1_000),
    )
    # A stream whose deadline can't be read has none.
    timeouts = [target.fields(grpc_timeout=odd) for odd in (b"-1S", b"999999999H", b"soon", b"")]
    return Request(
        headers=header_block(choice.choice([*odd, *([] if target.is_stream else timeouts)])), body=message(raw)
    )


def trailers(target: Target, raw: bytes, choice: random.Random) -> Request:
    """Trailers after the message, as a client may send them, that say what only headers or only the gateway may say."""
    forged = choice.sample(_FORGED, choice.randint(1, 3)) + choice.choice(([], [(b":path", b"/x")], [(b"a", b"\0")]))
    return Request(headers=header_block(target.fields()), body=message(raw), trailers=header_block(forged))


KINDS: Final[tuple[Kind, ...]] = (frame_lengths, compression, content_types, methods, paths, headers, trailers)
