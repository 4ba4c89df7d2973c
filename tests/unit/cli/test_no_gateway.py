"""Something answers that is no gateway: it is told what it is and what to type, and that nothing reached a service."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import grpc
import pytest

from tests.fakes.gateway import TOKEN, Plain
from tests.fakes.platform import Platform
from tests.fixtures.tls import Certificates
from tests.unit.cli.conftest import Paas

_HTML = {"content-type": "text/html; charset=utf-8"}


@contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """The port of a server that answers whatever comes first with `answer`, and leaves the connection open."""
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.recv(65536)
            connection.sendall(answer)
            held.append(connection)

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        for connection in held:
            connection.close()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch, home: object) -> None:
    """A token, and no address yet."""
    assert home
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    monkeypatch.setenv("PAAS_APP", "web")


async def test_a_services_own_port_without_tls(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    server = grpc.aio.server()
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    monkeypatch.setenv("PAAS_GATEWAY", f"http://127.0.0.1:{port}")
    result = await asyncio.to_thread(paas, "config:set", "A=1")
    await server.stop(0)
    assert result.exit_code == 1
    assert result.err == (
        f"error: What answers at http://127.0.0.1:{port}, which PAAS_GATEWAY names, speaks HTTP/2 alone, as a "
        "service's own port does; set PAAS_GATEWAY to the gateway's address.\n"
    )


def test_tls_where_it_was_asked_without(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    with saying(bytes.fromhex("15030100020246")) as port:
        monkeypatch.setenv("PAAS_GATEWAY", f"http://localhost:{port}")
        result = paas("config")
    assert result.exit_code == 1
    assert f"speaks TLS, and was asked without; set PAAS_GATEWAY to https://localhost:{port}." in result.err


@pytest.mark.parametrize("offered", [["h2", "http/1.1"], ["h2"], []], ids=lambda each: "+".join(each) or "nothing")
def test_tls_that_says_nothing_to_plain_http(
    paas: Paas, tls: Certificates, monkeypatch: pytest.MonkeyPatch, offered: list[str]
) -> None:
    """As gRPC with TLS does, and Envoy: they close the connection. Who offers nothing takes what comes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.folder / "gateway.pem", tls.folder / "gateway.key")
    if offered:
        context.set_alpn_protocols(offered)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                if connection.recv(1, socket.MSG_PEEK) == b"\x16":
                    with suppress(OSError):
                        held.append(context.wrap_socket(connection, server_side=True))

    held: list[ssl.SSLSocket] = []
    threading.Thread(target=serve, daemon=True).start()
    where = f"127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("PAAS_GATEWAY", f"http://{where}")
    result = paas("config:set", "A=1")
    listener.close()
    for connection in held:
        connection.close()
    assert result.exit_code == 1
    if offered != ["h2"]:
        assert f"speaks TLS, and was asked without; set PAAS_GATEWAY to https://{where}." in result.err
    else:
        assert "speaks TLS and offers no HTTP/1.1, as a service's own port does; set PAAS_GATEWAY to the" in result.err


def test_no_tls_where_it_was_asked_with(paas: Paas, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    port = platform.gateway.address.rpartition(":")[2]
    monkeypatch.setenv("PAAS_GATEWAY", f"https://127.0.0.1:{port}")
    result = paas("config")
    assert result.exit_code == 1
    assert f"speaks no TLS; set PAAS_GATEWAY to http://127.0.0.1:{port}." in result.err
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", int(port)))])
    monkeypatch.setenv("PAAS_GATEWAY", "https://paas.example.com")
    assert "speaks no TLS; set PAAS_GATEWAY to the gateway's https address." in paas("config").err
    assert platform.gateway.seen == []


def test_a_service_that_asks_for_a_certificate(paas: Paas, tls: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.folder / "gateway.pem", tls.folder / "gateway.key")
    context.load_verify_locations(tls.folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                context.wrap_socket(connection, server_side=True).close()
            except ssl.SSLError:
                connection.close()
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", listener.getsockname())])
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    monkeypatch.setenv("PAAS_GATEWAY", "https://gateway.paas.internal:7301")
    result = paas("config:set", "A=1")
    listener.close()
    assert result.exit_code == 1
    assert (
        "asks for a client's certificate, as a service's own port does; set PAAS_GATEWAY to the gateway's" in result.err
    )


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_web_page(paas: Paas, signed_in: Platform, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    path = "/paas.config.v1.ConfigService/SetVars"
    signed_in.gateway.route(path, signed_in.gateway.routes[path][0], lambda _: Plain(status, _HTML))
    result = paas("config:set", "A=1")
    assert result.exit_code == 1
    assert f"answers with a web page (HTTP status {status}); set PAAS_GATEWAY to the gateway's address." in result.err
    assert len(signed_in.gateway.calls("SetVars")) == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_page_of_what_stands_before_the_gateway_is_tried_again(paas: Paas, signed_in: Platform, status: int) -> None:
    path = "/paas.config.v1.ConfigService/SetVars"
    signed_in.gateway.route(path, signed_in.gateway.routes[path][0], lambda _: Plain(status, _HTML))
    result = paas("config:set", "A=1")
    assert result.exit_code == 5
    assert "web page" not in result.err
    assert len({call.request_id for call in signed_in.gateway.calls("SetVars")}) == 1
    assert len(signed_in.gateway.calls("SetVars")) > 1


def test_a_profile_with_such_an_address_is_named_with_the_command_that_mends_it(
    paas: Paas, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAAS_TOKEN")
    config = home / ".config" / "paas" / "config.toml"
    config.parent.mkdir(parents=True)
    with saying(bytes.fromhex("000000040000000000")) as port:
        config.write_text(f'[profiles.work]\ngateway = "http://127.0.0.1:{port}"\ntoken = "{TOKEN}"\n')
        config.chmod(0o600)
        result = paas("config", "--profile", "work")
        login = paas("login", "--profile", "work")
    assert f"which profile work in {config} names, speaks HTTP/2 alone" in result.err
    assert "with `paas login --profile work --gateway https://...`" in result.err
    assert "it speaks HTTP/2 alone, as a service's own port does; nothing was stored" in login.err
