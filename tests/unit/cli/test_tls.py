"""TLS to the gateway: a certificate of a trusted authority for the right name, or nothing is sent."""

import http.server
import ssl
import threading
from collections.abc import Iterator

import pytest

from tests.fakes.gateway import TOKEN
from tests.fixtures.tls import Certificates
from tests.unit.cli.conftest import Paas


@pytest.fixture
def answered() -> list[str]:
    """The paths a TLS server was asked for."""
    return []


@pytest.fixture
def port(tls: Certificates, answered: list[str]) -> Iterator[int]:
    """A TLS server with the certificate of `gateway.paas.internal`; it answers OK without a message."""

    class Http(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            answered.append(self.path)
            self.send_response(200)
            self.send_header("grpc-status", "7")
            self.send_header("grpc-message", "reached")
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Http)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.folder / "gateway.pem", tls.folder / "gateway.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch, home: object, port: int) -> None:
    """Signed in to that server, every name of which leads to this machine."""
    assert home
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])


@pytest.mark.usefixtures("resolved")
def test_a_trusted_certificate_for_the_name(
    paas: Paas, tls: Certificates, port: int, answered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    monkeypatch.setenv("PAAS_GATEWAY", f"https://gateway.paas.internal:{port}")
    result = paas("config", "-a", "web")
    assert (result.exit_code, result.err) == (4, "error: reached.\n")
    assert answered == ["/paas.config.v1.ConfigService/ListVars"]


@pytest.mark.usefixtures("resolved")
@pytest.mark.parametrize(("host", "trusted"), [("gateway.paas.internal", False), ("other.paas.internal", True)])
def test_a_certificate_that_proves_nothing(
    paas: Paas,
    tls: Certificates,
    monkeypatch: pytest.MonkeyPatch,
    *,
    port: int,
    answered: list[str],
    host: str,
    trusted: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("PAAS_GATEWAY", f"https://{host}:{port}")
    result = paas("config:set", "A=1", "-a", "web")
    assert result.exit_code == 1
    assert f"The gateway at https://{host}:{port} is not who it should be" in result.err
    assert "nothing was sent" in result.err
    assert answered == []
