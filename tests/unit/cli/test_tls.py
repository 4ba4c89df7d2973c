"""TLS to the gateway: a certificate of a trusted authority for the right name, or nothing is sent."""

import pytest

from tests.fakes.gateway import TOKEN
from tests.fixtures.tls import Certificates
from tests.unit.cli.conftest import Paas


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch, home: object, tls_port: int) -> None:
    """Signed in to that server, every name of which leads to this machine."""
    assert home
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", tls_port))])


@pytest.mark.usefixtures("resolved")
def test_a_trusted_certificate_for_the_name(
    paas: Paas, tls: Certificates, tls_port: int, answered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    monkeypatch.setenv("PAAS_GATEWAY", f"https://gateway.paas.internal:{tls_port}")
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
    tls_port: int,
    answered: list[str],
    host: str,
    trusted: bool,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("PAAS_GATEWAY", f"https://{host}:{tls_port}")
    result = paas("config:set", "A=1", "-a", "web")
    assert result.exit_code == 1
    assert f"The gateway at https://{host}:{tls_port} is not who it should be" in result.err
    assert "nothing was sent" in result.err
    assert answered == []
