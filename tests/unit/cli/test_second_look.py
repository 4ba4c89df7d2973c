"""An address of something else than a gateway: it is looked at once more, told for what it is, and sent nothing.

Leaves out what is told without a second look (test_no_gateway) and a certificate that is all that is wrong (test_tls).
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import grpc
import pytest

from paas_client import Client, PaasError
from paas_transport import connection, second_look
from tests.fakes.gateway import TOKEN, Gateway
from tests.fixtures.tls import Certificates
from tests.fixtures.waiting import PATIENCE
from tests.unit.cli.conftest import Paas

_HTTP2 = "speaks HTTP/2 alone, as a service's own port does"
_WANTS = "asks for a client's certificate, as a service's own port does"
_ENDS = "ends the connection before it is asked anything, as what wants a client's certificate does"
_UNTRUSTED = ", and has a certificate that is not trusted here (unable to get local issuer certificate)"
_OF_ITS_OWN = ", and has a certificate that is not trusted here (self-signed certificate in certificate chain)"
_SET = "; set PAAS_GATEWAY to the gateway's address."


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch, home: object) -> None:
    assert home
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    monkeypatch.setenv("PAAS_APP", "web")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    # None of these servers says nothing for ever: each is looked at for as long as it takes to answer.
    monkeypatch.setattr(second_look, "_SECONDS", PATIENCE)


@contextmanager
def service(tls: Certificates | None) -> Iterator[int]:
    """The port of a service's own server: gRPC, with TLS and for clients with a certificate where there is `tls`."""
    server = grpc.server(ThreadPoolExecutor(1))
    if tls is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = ((tls.folder / "config.key").read_bytes(), (tls.folder / "config.pem").read_bytes())
        authority = (tls.folder / "ca.pem").read_bytes()
        port = server.add_secure_port(
            "127.0.0.1:0", grpc.ssl_server_credentials([pair], authority, require_client_auth=True)
        )
    server.start()
    try:
        yield port
    finally:
        server.stop(None)


@contextmanager
def serving(take: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that does so with each connection, and closes it where it raises."""

    def serve() -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_taken, args=(taken,), daemon=True).start()

    def _taken(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            take(taken)

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def context_of(tls: Certificates, *, asks: bool, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A server's TLS, which asks for a client's certificate or not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = most
    context.load_cert_chain(tls.folder / "gateway.pem", tls.folder / "gateway.key")
    if asks:
        context.load_verify_locations(tls.folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize(
    ("scheme", "trusted", "said"),
    [
        ("https", False, f"{_HTTP2}{_UNTRUSTED}"),
        ("https", True, "speaks TLS and offers no HTTP/1.1, as a service's own port does"),
        ("http", False, "speaks TLS and offers no HTTP/1.1, as a service's own port does"),
    ],
)
def test_a_services_own_port(
    paas: Paas, tls: Certificates, monkeypatch: pytest.MonkeyPatch, *, scheme: str, trusted: bool, said: str
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    with service(tls) as port:
        where = f"{scheme}://{'config.paas.internal' if trusted else '127.0.0.1'}:{port}"
        if trusted:
            monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
        monkeypatch.setenv("PAAS_GATEWAY", where)
        result = paas("config:set", "A=1")
    assert (result.exit_code, result.err) == (
        1,
        f"error: What answers at {where}, which PAAS_GATEWAY names, {said}{_SET}\n",
    )


def test_a_services_own_port_without_tls_that_is_asked_with(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    with service(None) as port:
        monkeypatch.setenv("PAAS_GATEWAY", f"https://127.0.0.1:{port}")
        result = paas("config")
    assert f"speaks no TLS, and {_HTTP2}{_SET}" in result.err


@pytest.mark.parametrize(
    ("most", "said"),
    [(ssl.TLSVersion.TLSv1_3, _WANTS), (ssl.TLSVersion.TLSv1_2, _ENDS)],
    ids=["1.3", "1.2 whose refusal does not say what for"],
)
def test_a_port_that_asks_for_a_certificate_and_has_one_that_is_not_trusted(
    paas: Paas, tls: Certificates, monkeypatch: pytest.MonkeyPatch, *, most: ssl.TLSVersion, said: str
) -> None:
    context = context_of(tls, asks=True, most=most)
    with serving(lambda taken: context.wrap_socket(taken, server_side=True).close()) as port:
        monkeypatch.setenv("PAAS_GATEWAY", f"https://127.0.0.1:{port}")
        result = paas("config:set", "A=1")
    assert result.exit_code == 1
    assert f"{said}{_OF_ITS_OWN}{_SET}" in result.err


@pytest.mark.parametrize(("scheme", "said"), [("https", f"{_ENDS}{_UNTRUSTED}"), ("http", f"speaks TLS, and {_ENDS}")])
def test_a_port_that_ends_what_has_no_certificate_without_a_word(
    paas: Paas, tls: Certificates, monkeypatch: pytest.MonkeyPatch, *, scheme: str, said: str
) -> None:
    context = context_of(tls, asks=False)
    with serving(lambda taken: context.wrap_socket(taken, server_side=True).close()) as port:
        monkeypatch.setenv("PAAS_GATEWAY", f"{scheme}://127.0.0.1:{port}")
        result = paas("config:set", "A=1")
    assert f"{said}{_SET}" in result.err


def test_a_plain_port_that_waits_for_a_line(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing to a greeting of TLS, which has none; it is asked for what everybody may see."""
    monkeypatch.setattr(connection, "_CONNECT_SECONDS", 0.5)
    heard: list[bytes] = []

    def take(taken: socket.socket) -> None:
        heard.append(start := taken.recv(65536))
        if start[:1] == b"\x16":
            taken.recv(1)  # until the other side goes
        else:
            taken.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    with serving(take) as port:
        monkeypatch.setenv("PAAS_GATEWAY", f"https://127.0.0.1:{port}")
        result = paas("config:set", "A=1")
    assert f"speaks no TLS; set PAAS_GATEWAY to http://127.0.0.1:{port}." in result.err
    greeting, asked = heard
    assert greeting[:1] == b"\x16"
    assert asked.startswith(b"HEAD / HTTP/1.1\r\n")
    assert b"authorization" not in asked.lower()
    assert TOKEN.encode() not in asked


def test_what_is_neither_tls_nor_http(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    def take(taken: socket.socket) -> None:
        taken.sendall(b"SSH-2.0-OpenSSH_9.9\r\n")
        taken.recv(65536)

    with serving(take) as port:
        monkeypatch.setenv("PAAS_GATEWAY", f"https://127.0.0.1:{port}")
        result = paas("config")
    assert f"speaks no TLS{_SET}" in result.err


def test_the_python_client_is_told_the_same(tls: Certificates, gateway: Gateway) -> None:
    plain = gateway.address.replace("http://", "https://")
    assert _refused(plain) == f"What answers at {plain} speaks no TLS; give the client {gateway.address}."
    with service(tls) as port:
        for scheme, said in (
            ("http", "speaks TLS and offers no HTTP/1.1, as a service's own port does"),
            ("https", f"{_HTTP2}{_UNTRUSTED}"),
        ):
            where = f"{scheme}://127.0.0.1:{port}"
            assert _refused(where) == f"What answers at {where} {said}; give the client the gateway's address."


def _refused(address: str) -> str:
    client = Client(address, TOKEN)
    client._calls.sleep = lambda _: None
    with pytest.raises(PaasError) as raised:
        client.config.set_vars(app="web", vars={"A": "1"})
    assert (raised.value.may_have_happened, type(raised.value)) == (False, PaasError)
    return str(raised.value)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    found = Gateway().start()
    yield found
    assert found.seen == []
    found.stop()
