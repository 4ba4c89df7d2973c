"""Which proxy leads to a gateway: `HTTPS_PROXY` and `NO_PROXY`, or the same in small letters, which go first.

The proxy carries TLS that ends at the gateway (CONNECT, RFC 9110, section 9.3.6), so it learns the gateway's name and
no more. `http_proxy` is for plain http, which goes to this very machine and so never through a proxy. Must not show the
name and password that the address of a proxy may have.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from paas_transport.address import Address, Unusable

_URL = re.compile(r"(?:([A-Za-z0-9+.-]+)://)?(?:([^@/?#]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?")
_PORT = 80


@dataclass(frozen=True)
class Proxy:
    """Where a proxy listens, which variable names it, and what it is told of who asks (empty for nothing)."""

    host: str
    port: int
    variable: str
    authorization: str = field(default="", repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy http://{host}:{self.port}, which {self.variable} names"


def towards(gateway: Address, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy to an address, None where there is to be none. Raises Unusable where its own address is none."""
    if gateway.scheme != "https" or gateway.is_loopback:
        return None
    for variable in ("https_proxy", "HTTPS_PROXY"):
        if url := environ.get(variable, "").strip():
            return None if _is_excepted(gateway, environ) else _read(url, variable)
    return None


def _read(url: str, variable: str) -> Proxy:
    match = _URL.fullmatch(url)
    port = int(match.group(4) or _PORT) if match is not None else 0
    if match is None or not 0 < port < 65536:
        raise Unusable(f"{variable} is not an address like http://proxy.example.com:3128; correct it or unset it.")
    scheme = (match.group(1) or "http").lower()
    if scheme != "http":
        raise Unusable(
            f"{variable} names a proxy of another kind than http://, and only those are used (what goes through is "
            "encrypted for the gateway all the same); give such an address, or unset it."
        )
    return Proxy(match.group(3).strip("[]"), port, variable, _authorization(match.group(2)))


def _authorization(account: str | None) -> str:
    """The name and password of an address as a header has them (RFC 7617)."""
    if not account:
        return ""
    from urllib.parse import unquote_to_bytes

    name, _, password = account.partition(":")
    return "Basic " + b64encode(unquote_to_bytes(name) + b":" + unquote_to_bytes(password)).decode()


def _is_excepted(gateway: Address, environ: Mapping[str, str]) -> bool:
    listed = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return any(_matches(entry.strip().lower(), gateway) for entry in listed.split(",") if entry.strip())


def _matches(entry: str, gateway: Address) -> bool:
    """`*`, a domain with all below it, an address, or a block of addresses; a port narrows it."""
    host = gateway.host.lower().rstrip(".")
    if "/" in entry:
        return _is_in(entry, host)
    if entry.count(":") == 1 or entry.startswith("["):
        entry, colon, port = entry.rpartition(":") if not entry.endswith("]") else (entry, "", "")
        if colon and port != str(gateway.port):
            return False
    domain = entry.strip("[]").lstrip("*").strip(".")
    return entry == "*" or host == domain or (bool(domain) and host.endswith(f".{domain}"))


def _is_in(block: str, host: str) -> bool:
    from ipaddress import ip_address, ip_network

    try:
        return ip_address(host) in ip_network(block, strict=False)
    except ValueError:  # a name, or no block
        return False
