"""The wire, byte by byte: HTTP/1.1 answers in every framing, gRPC-web frames cut anywhere, and broken ones.

A server that sends prepared bytes stands in for every proxy there is. Leaves out TLS (test_tls).
"""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st
from paas.config.v1 import config_pb2

from paas_cli.commands.config import listing
from paas_transport import address, http1, rpc_error
from paas_transport.grpcweb import Channel
from paas_transport.rpc_error import Delivery, RpcError
from tests.fixtures.waiting import PATIENCE

PATH = "/paas.config.v1.ConfigService/GetApp"
MESSAGE = config_pb2.GetAppResponse(app=config_pb2.App(name="web", version=7))
OK_TRAILER = b"grpc-status: 0\r\n"


def frame(flag: int, payload: bytes) -> bytes:
    return bytes((flag,)) + len(payload).to_bytes(4, "big") + payload


BODY = frame(0, MESSAGE.SerializeToString()) + frame(0x80, OK_TRAILER)


def head(*fields: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "content-type: application/grpc-web+proto", *fields, "", ""]).encode()


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nx-trailer: 1\r\n\r\n"


@contextmanager
def serving(*answers: bytes, pieces: int = 1 << 20) -> Iterator[tuple[Channel, list[bytes]]]:
    """A channel to a server that gives one answer a connection, in pieces, and what it was sent."""
    server = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = server.accept()
            except OSError:
                return  # the test is over, and did not ask for all the answers
            with connection, suppress(ConnectionError):  # a client that has its answer may hang up
                got = b""
                while b"\r\n\r\n" not in got:
                    got += connection.recv(65536)
                received.append(got)
                for start in range(0, len(answer), pieces):
                    connection.sendall(answer[start : start + pieces])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    where = address.parse(f"http://127.0.0.1:{server.getsockname()[1]}", source="a test")
    try:
        yield Channel(where, token="t", user_agent="test", sleep=lambda _: None), received
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)  # wakes the thread, which must not wait on a number that is given away
        thread.join(timeout=PATIENCE)
        server.close()


def get(channel: Channel, *, repeatable: bool = False, timeout: float = PATIENCE) -> config_pb2.GetAppResponse:
    request = config_pb2.GetAppRequest(app="web")
    return channel.unary(PATH, request, answer=config_pb2.GetAppResponse, repeatable=repeatable, timeout=timeout)


def error_of(channel: Channel, **options: float) -> RpcError:
    with pytest.raises(RpcError) as caught:
        get(channel, **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize("pieces", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    "answer",
    [
        head(f"content-length: {len(BODY)}") + BODY,
        head("Transfer-Encoding: chunked") + chunked(BODY, 3),
        head("transfer-encoding: chunked") + chunked(BODY, 1000),
        head("connection: close") + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + head(f"content-length: {len(BODY)}") + BODY,
        head(f"content-length: {len(BODY)}").replace(b"\r\n", b"\n") + BODY,
    ],
)
def test_every_framing_reads_the_same(answer: bytes, pieces: int) -> None:
    with serving(answer, pieces=pieces) as (channel, _):
        assert get(channel) == MESSAGE


def test_what_is_sent() -> None:
    with serving(head() + BODY) as (channel, received):
        get(channel, timeout=60)
    lines = received[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert lines[0] == b"POST /paas.config.v1.ConfigService/GetApp HTTP/1.1"
    for field in (b"content-type: application/grpc-web+proto", b"x-grpc-web: 1", b"authorization: Bearer t"):
        assert field in lines
    assert b"grpc-timeout: 60000m" in lines


@given(cut=st.integers(min_value=0, max_value=len(head("transfer-encoding: chunked") + chunked(BODY, 9)) - 25))
def test_an_answer_cut_anywhere_is_a_lost_answer(cut: int) -> None:
    answer = (head("transfer-encoding: chunked") + chunked(BODY, 9))[:cut]
    with serving(answer) as (channel, _):
        error = error_of(channel)
    assert (error.code, error.delivery) == (rpc_error.UNAVAILABLE, Delivery.UNKNOWN)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        head("content-length: -5") + BODY,
        head("content-length: 9999") + BODY[:10],
        head("transfer-encoding: chunked") + b"zz\r\n",
        head("transfer-encoding: chunked") + b"-1\r\n",
        head("transfer-encoding: chunked") + b"3\r\nabcde\r\n",
        head("no colon here") + BODY,
        head() + frame(1, b"compressed") + frame(0x80, OK_TRAILER),
        head() + b"\0\xff\xff\xff\xff" + b"x" * 100,
        head() + frame(0, MESSAGE.SerializeToString()),
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 70000 + b"\r\n\r\n",
    ],
)
def test_nonsense_is_a_lost_answer_and_nothing_worse(answer: bytes) -> None:
    with serving(answer) as (channel, _):
        error = error_of(channel)
    assert (error.code, error.delivery) == (rpc_error.UNAVAILABLE, Delivery.UNKNOWN)


@pytest.mark.parametrize(
    "body", [frame(0x80, OK_TRAILER), frame(0, b"") * 2 + frame(0x80, OK_TRAILER), frame(0, b"\xff") + BODY]
)
def test_an_answer_that_is_not_one_message_is_internal(body: bytes) -> None:
    with serving(head() + body) as (channel, _):
        assert error_of(channel).code == rpc_error.INTERNAL


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (head("grpc-status: 5", "grpc-message: caf%C3%A9 100%25"), "café 100%"),
        (head() + frame(0x80, b"Grpc-Status: 5\r\ngrpc-message:plain\r\n"), "plain"),
        (head("grpc-status: 5", "grpc-message: broken %zz %4"), "broken %zz %4"),
        (head("grpc-status: 5", "grpc-status-details-bin: !!!not base64"), ""),
    ],
)
def test_a_status_in_trailers_or_headers(answer: bytes, message: str) -> None:
    with serving(answer) as (channel, _):
        error = error_of(channel)
    assert (error.code, error.message, error.delivery) == (rpc_error.NOT_FOUND, message, Delivery.ANSWERED)


@pytest.mark.parametrize(
    ("status", "code"), [(401, 16), (403, 7), (404, 12), (429, 14), (502, 14), (503, 14), (500, 2)]
)
def test_http_statuses_without_a_grpc_status(status: int, code: int) -> None:
    with serving(head("content-length: 0", status=f"{status} X")) as (channel, _):
        assert error_of(channel).code == code


def test_no_answer_in_time() -> None:
    held = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: (server.accept(), held.wait(PATIENCE)), daemon=True).start()
    where = address.parse(f"http://127.0.0.1:{server.getsockname()[1]}", source="a test")
    error = error_of(Channel(where, token="t", user_agent="test"), timeout=1.0)
    held.set()
    server.close()
    assert (error.code, error.delivery) == (rpc_error.DEADLINE_EXCEEDED, Delivery.UNKNOWN)


def test_only_a_repeatable_request_is_sent_again() -> None:
    away = head("grpc-status: 14")
    with serving(away, away, head() + BODY) as (channel, received):
        assert get(channel, repeatable=True) == MESSAGE
    assert len(received) == 3
    with serving(away, head() + BODY) as (channel, received):
        assert error_of(channel).code == rpc_error.UNAVAILABLE
    assert len(received) == 1
    with serving(head("grpc-status: 10"), head() + BODY) as (channel, received):
        assert error_of(channel, repeatable=True).code == rpc_error.ABORTED
    assert len(received) == 1


def test_what_was_refused_for_the_number_is_sent_again_whatever_it_is() -> None:
    """Nothing was done, so nothing can be done twice."""
    sentence = "grpc-message: Your tenant has too many requests at once. Nothing was done; try again in a moment."
    full = head("grpc-status: 8", sentence)
    with serving(full, full, head() + BODY) as (channel, received):
        assert get(channel) == MESSAGE
    assert len(received) == 3
    with serving(head("grpc-status: 8", "grpc-message: The request is too large."), head() + BODY) as (
        channel,
        received,
    ):
        assert error_of(channel).code == rpc_error.RESOURCE_EXHAUSTED
    assert len(received) == 1


def test_a_try_that_left_is_not_forgotten_when_the_next_could_not() -> None:
    with serving(b"") as (channel, received):
        posts = iter([http1.post])
        original = http1.post

        def once(*arguments: object, **options: object) -> http1.Response:
            if next(posts, None) is None:
                raise http1.NotSent("connection refused")
            return original(*arguments, **options)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http1, "post", once)
            error = error_of(channel, repeatable=True)
    assert len(received) == 1
    assert error.delivery is Delivery.UNKNOWN


texts = st.text(max_size=20)
moments = st.builds(Timestamp, seconds=st.integers(0, 2**40), nanos=st.integers(0, 999_999_999))
variables = st.builds(
    config_pb2.Var,
    name=texts,
    value=texts,
    addon=texts,
    kind=st.sampled_from([0, 1, 2]),
    version=st.integers(0, 2**63 - 1),
    updated_at=st.none() | moments,
    updated_by=texts,
)
group_vars = st.builds(
    config_pb2.GroupVars,
    group=texts,
    vars=st.lists(variables, max_size=3),
    own_names=st.lists(texts, max_size=3),
    hidden=st.booleans(),
)
staged_vars = st.builds(
    config_pb2.StagedVar,
    name=texts,
    action=st.sampled_from([0, 1, 2, 3]),
    value=texts,
    staged_by=texts,
    staged_at=st.none() | moments,
    replaces_newer=st.booleans(),
)


def by_hand(found: Iterable[listing.Var]) -> list[tuple[object, ...]]:
    return [(*var[:5], *var.updated_at, var.updated_by) for var in found]


def generated(found: Iterable[config_pb2.Var]) -> list[tuple[object, ...]]:
    return [
        (v.name, v.value, v.kind, v.addon, v.version, v.updated_at.seconds, v.updated_at.nanos, v.updated_by)
        for v in found
    ]


@given(
    answer=st.builds(
        config_pb2.ListVarsResponse,
        vars=st.lists(variables, max_size=5),
        next_page_token=texts,
        version=st.integers(0, 2**63 - 1),
        etag=texts,
        staged=st.lists(staged_vars, max_size=3),
        groups=st.lists(group_vars, max_size=2),
    )
)
def test_the_listing_read_by_hand_is_the_generated_one(answer: config_pb2.ListVarsResponse) -> None:
    read = listing.Answer.FromString(answer.SerializeToString())
    assert by_hand(read.vars) == generated(answer.vars)
    assert [(each.group, by_hand(each.vars), each.own_names, each.hidden) for each in read.groups] == [
        (each.group, generated(each.vars), tuple(each.own_names), each.hidden) for each in answer.groups
    ]
    assert (read.next_page_token, read.version) == (answer.next_page_token, answer.version)
    assert [(*each[:4], *each.staged_at, each.replaces_newer) for each in read.staged] == [
        (s.name, s.action, s.value, s.staged_by, s.staged_at.seconds, s.staged_at.nanos, s.replaces_newer)
        for s in answer.staged
    ]


@given(app=texts, token=texts)
def test_the_request_written_by_hand_is_the_generated_one(app: str, token: str) -> None:
    written = listing.Request(app, token).SerializeToString()
    assert config_pb2.ListVarsRequest.FromString(written) == config_pb2.ListVarsRequest(app=app, page_token=token)


@given(payload=st.binary(max_size=60))
def test_what_is_no_message_is_refused_or_read_but_never_hangs(payload: bytes) -> None:
    read: Callable[[bytes], object] = listing.Answer.FromString
    with suppress(ValueError):
        read(payload)


def test_fields_of_newer_protos_are_passed_over() -> None:
    newer = b"\x99\x06" + b"12345678" + b"\x9d\x06" + b"1234" + b"\x18\x07" + b"\xa2\x06\x01x"
    assert listing.Answer.FromString(newer).version == 7
