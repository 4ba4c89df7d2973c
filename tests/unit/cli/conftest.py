"""What tests of the command line share: a platform behind a fake gateway, and `paas` run in this process."""

import http.server
import io
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from paas_cli import __main__ as program
from tests.fakes.gateway import TOKEN
from tests.fakes.platform import Platform, running
from tests.fixtures.tls import Certificates


@dataclass(frozen=True)
class Result:
    """How a command ended and what it printed."""

    exit_code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()


Paas = Callable[..., Result]


@pytest.fixture
def platform() -> Iterator[Platform]:
    """A platform with the app `web`, listening."""
    platform = running()
    yield platform
    platform.gateway.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and a folder elsewhere to stand in; nothing in the environment."""
    for name in ("PAAS_TOKEN", "PAAS_APP", "PAAS_PROFILE", "PAAS_GATEWAY", "XDG_CONFIG_HOME", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(folder)
    return home


@pytest.fixture
def signed_in(home: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Signed in through the environment, with the app `web` chosen."""
    assert home.exists()
    monkeypatch.setenv("PAAS_GATEWAY", platform.gateway.address)
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    monkeypatch.setenv("PAAS_APP", "web")
    return platform


@pytest.fixture
def paas(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Paas:
    """`paas("config:set", "A=1", stdin=b"...")` runs a command and returns how it ended."""
    assert home.exists()
    monkeypatch.setattr("time.sleep", lambda seconds: None)

    def run(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        exit_code = program.main(arguments)
        out, err = capsys.readouterr()
        return Result(exit_code, out, err)

    return run


@pytest.fixture
def answered() -> list[str]:
    """The paths a TLS server was asked for."""
    return []


@pytest.fixture
def tls_port(tls: Certificates, answered: list[str]) -> Iterator[int]:
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
