"""HTTPS_PROXY and NO_PROXY: through a real proxy to a real TLS server, and which addresses go straight."""

import base64

import pytest

from paas_transport import address, proxy
from tests.fakes.gateway import TOKEN
from tests.fakes.proxy import Proxy
from tests.fixtures.serving import free_address
from tests.fixtures.tls import Certificates
from tests.unit.cli.conftest import Paas

NAME = "gateway.paas.internal"
VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY")


@pytest.fixture(autouse=True)
def behind(monkeypatch: pytest.MonkeyPatch, tls: Certificates, home: object) -> None:
    """A gateway whose name nobody here knows, so that only a proxy leads there."""
    assert home
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.folder / "ca.pem"))
    monkeypatch.setenv("PAAS_TOKEN", TOKEN)
    monkeypatch.setenv("PAAS_GATEWAY", f"https://{NAME}:8443")


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_a_gateway_is_asked_through_the_proxy_which_sees_nothing_of_it(
    paas: Paas, monkeypatch: pytest.MonkeyPatch, *, tls_port: int, answered: list[str], variable: str
) -> None:
    with Proxy(tls_port).listening() as found:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{found.port}")
        assert "reached" in paas("config", "-a", "web").err
    assert answered == ["/paas.config.v1.ConfigService/ListVars"]
    assert found.asked == [f"CONNECT {NAME}:8443 HTTP/1.1"]
    assert found.accounts == [""]
    assert found.seen.startswith(b"\x16\x03")  # TLS from the first byte on
    for hidden in (TOKEN.encode(), b"ListVars", b"Bearer"):
        assert hidden not in found.seen


def test_its_name_and_password_are_sent_and_never_shown(
    paas: Paas, monkeypatch: pytest.MonkeyPatch, tls_port: int
) -> None:
    account = "Basic " + base64.b64encode(b"ann:p@ss c4n4ry").decode()
    with Proxy(tls_port, account=account).listening() as found:
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:p%40ss%20c4n4ry@127.0.0.1:{found.port}/")
        assert "reached" in paas("config", "-a", "web").err
        monkeypatch.setenv("HTTPS_PROXY", f"http://ann:wrong-c4n4ry@127.0.0.1:{found.port}")
        refused = paas("config", "-a", "web", "--debug")
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{found.port}")
        unnamed = paas("config", "-a", "web")
    assert refused.exit_code == unnamed.exit_code == 5
    assert f"the proxy http://127.0.0.1:{found.port}, which HTTPS_PROXY names, refuses the name" in refused.err
    assert "asks for a name and password" in unnamed.err
    for result in (refused, unnamed):
        assert "c4n4ry" not in result.err
        assert "ann" not in result.err


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nc4n4ry", "does not let it through: HTTP status 403"),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "does not let it through: HTTP status 502"),
        (b"SSH-2.0-c4n4ry\r\n\r\n", "does not answer as a proxy"),
        (b"", "does not answer as a proxy"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "speaks no TLS"),
    ],
)
def test_what_goes_wrong_at_the_proxy_names_it(
    paas: Paas, monkeypatch: pytest.MonkeyPatch, *, tls_port: int, answered: list[str], answer: bytes, words: str
) -> None:
    with Proxy(tls_port, answer=answer).listening() as found:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{found.port}")
        result = paas("config:set", "A=1", "-a", "web")
    assert words in result.err
    assert "c4n4ry" not in result.err
    assert answered == []
    if "TLS" not in words:
        assert f"the proxy http://127.0.0.1:{found.port}, which HTTPS_PROXY names" in result.err
        assert "nothing was changed" in result.err


def test_a_proxy_that_is_not_there_is_named(paas: Paas, monkeypatch: pytest.MonkeyPatch) -> None:
    where = free_address()
    monkeypatch.setenv("https_proxy", f"http://u:c4n4ry@{where}")
    result = paas("config", "-a", "web")
    assert result.exit_code == 5
    assert f"the proxy http://{where}, which https_proxy names: connection refused" in result.err
    assert "c4n4ry" not in result.err


@pytest.mark.parametrize(
    "url", ["socks5://u:c4n4ry@127.0.0.1:1", "https://u:c4n4ry@h", "http://h:99999", "c4n4ry c4n4ry", "http://h/c4n4ry"]
)
def test_an_address_that_is_none_is_refused_and_not_shown(
    paas: Paas, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    result = paas("config", "-a", "web")
    assert result.exit_code == 1
    assert "HTTPS_PROXY" in result.err
    assert "c4n4ry" not in result.err


def chosen(url: str, **environ: str) -> bool:
    return (
        proxy.towards(address.parse(url, source="a test"), {"HTTPS_PROXY": "http://proxy:3128", **environ}) is not None
    )


@pytest.mark.parametrize(
    ("listed", "through"),
    [
        ("", True),
        ("*", False),
        ("example.com", False),
        (".example.com", False),
        ("*.example.com", False),
        ("EXAMPLE.com", False),
        (" other.org , paas.example.com ", False),
        ("paas.example.com:443", False),
        ("paas.example.com:8443", True),
        ("ample.com", True),
        ("s.example.com", True),
        ("paas.example.com.evil.org", True),
        ("10.0.0.0/8", True),
        (",", True),
    ],
)
def test_what_no_proxy_leaves_out(listed: str, through: bool) -> None:
    assert chosen("https://paas.example.com", NO_PROXY=listed) is through
    assert chosen("https://paas.example.com", NO_PROXY="*" if through else "", no_proxy=listed or "x") is (
        through or not listed
    )


def test_addresses_and_blocks_of_them() -> None:
    for listed in ("10.1.2.3", "10.0.0.0/8", "10.1.2.3:443"):
        assert not chosen("https://10.1.2.3", NO_PROXY=listed)
    assert chosen("https://10.1.2.3", NO_PROXY="10.2.0.0/16")
    assert not chosen("https://[fd00::1]", NO_PROXY="fd00::/8")
    assert not chosen("https://[fd00::1]", NO_PROXY="[fd00::1]")
    assert chosen("https://10.1.2.3", NO_PROXY="10.1.2.999/8")


def test_this_machine_and_plain_http_take_no_proxy() -> None:
    for url in ("https://localhost:1", "https://127.0.0.1:1", "https://[::1]:1", "http://127.0.0.1:1"):
        assert not chosen(url, HTTP_PROXY="http://proxy:1", http_proxy="http://proxy:1")
    gateway = address.parse("https://paas.example.com", source="a test")
    assert proxy.towards(gateway, {"http_proxy": "http://proxy:1", "HTTP_PROXY": "http://proxy:1"}) is None
    small_first = proxy.towards(gateway, {"https_proxy": "http://small", "HTTPS_PROXY": "http://large"})
    assert small_first is not None
    assert (small_first.host, small_first.port) == ("small", 80)


def test_what_is_shown_of_a_proxy_has_no_password() -> None:
    found = proxy.towards(
        address.parse("https://paas.example.com", source="a test"), {"HTTPS_PROXY": "http://u:c4n4ry@proxy:3128"}
    )
    assert found is not None
    for text in (repr(found), str(found)):
        assert "c4n4ry" not in text
        assert base64.b64encode(b"u:c4n4ry").decode() not in text
    with pytest.raises(address.Unusable, match="HTTPS_PROXY"):
        chosen("https://paas.example.com", HTTPS_PROXY="ftp://proxy")
