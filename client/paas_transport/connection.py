"""A connection to a gateway: straight or through a proxy, with TLS where the address is https.

Must not send anything of a request. TLS is imported for https alone.
"""

import os
import socket
from typing import TYPE_CHECKING

from paas_transport.address import Address

if TYPE_CHECKING:
    from paas_transport.proxy import Proxy

_CONNECT_SECONDS = 5.0
# A proxy answers once it has reached the gateway.
_TUNNEL_SECONDS = 10.0
_MAX_HEAD = 16 * 1024
# What OpenSSL says of an answer that isn't TLS.
_NO_TLS = (
    "WRONG_VERSION_NUMBER",
    "HTTP_REQUEST",
    "PACKET_LENGTH_TOO_LONG",
    "RECORD_LAYER_FAILURE",
    "UNEXPECTED_MESSAGE",
)
HTTP2_ALONE = "speaks HTTP/2 alone, as a service's own port does"
ASKED_WITHOUT = "speaks TLS, and was asked without"
_WANTS_CERTIFICATE = "asks for a client's certificate, as a service's own port does"


class NotSent(Exception):
    """No connection could be made: nothing reached the other side."""


class NotTrusted(NotSent):
    """The other side's certificate does not prove that it is who we meant."""


class OtherProtocol(Exception):
    """What answers is no HTTP/1.1 server. The text says what it does instead, such as `speaks no TLS`.

    `scheme` is the one to ask it with, where that is all that was wrong.
    """

    def __init__(self, text: str, *, scheme: str | None = None) -> None:
        super().__init__(text)
        self.scheme = scheme


def connect(address: Address, ca_file: str | None) -> socket.socket:
    """A connection over which a request may be sent. Raises NotSent, OtherProtocol; Unusable for a proxy's address."""
    sock = reach(address)
    return sock if address.scheme == "http" else _secure(sock, address, ca_file)


def refusal_of(error: OSError) -> OtherProtocol | None:
    """What a TLS connection that the other side ended was ended for, where that tells what it is."""
    reason = str(getattr(error, "reason", "") or "")
    if "CERTIFICATE_REQUIRED" in reason or "BAD_CERTIFICATE" in reason:
        return OtherProtocol(_WANTS_CERTIFICATE)
    return OtherProtocol(HTTP2_ALONE) if "NO_APPLICATION_PROTOCOL" in reason else None


def spoken(start: bytes | bytearray) -> OtherProtocol | None:
    """What an answer that is not HTTP/1.1 starts like, where that tells what it is."""
    # RFC 9113, section 3.4: a server's first frame is SETTINGS (type 4, no stream). Or it ends at once: GOAWAY (7).
    if len(start) >= 9 and start[:2] == b"\0\0" and start[3] in (4, 7) and start[5:9] == b"\0\0\0\0":
        return OtherProtocol(HTTP2_ALONE)
    if start[:2] == b"\x15\x03":  # RFC 8446, section 5.1: a record that holds an alert
        return OtherProtocol(ASKED_WITHOUT, scheme="https")
    return None


def reach(address: Address) -> socket.socket:
    """A connection to an address, straight or through a proxy, without TLS. Raises NotSent, Unusable."""
    if address.scheme == "http":
        return _dialled(address.host, address.port)
    from paas_transport import proxy

    found = proxy.towards(address, os.environ)
    return _dialled(address.host, address.port) if found is None else _tunnelled(found, address)


def _dialled(host: str, port: int) -> socket.socket:
    # Given as text, even a plain name has Python import its tables of international ones: 3 ms.
    name = host.encode() if host.isascii() else host
    try:
        sock = socket.create_connection((name, port), timeout=_CONNECT_SECONDS)  # type: ignore[arg-type]  # it may
    except TimeoutError:
        raise NotSent("no answer") from None
    except socket.gaierror:
        raise NotSent("its name is not known") from None
    except OSError as error:
        raise NotSent((error.strerror or "no connection").lower()) from None
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # a stream may be quiet for minutes
    return sock


def _tunnelled(proxy: "Proxy", address: Address) -> socket.socket:
    """A connection through a proxy to the address, of which it sees no more than that."""
    try:
        sock = _dialled(proxy.host, proxy.port)
    except NotSent as error:
        raise NotSent(f"{proxy}: {error}") from None
    try:
        lines = [f"CONNECT {address.authority} HTTP/1.1", f"host: {address.authority}"]
        if proxy.authorization:
            lines.append(f"proxy-authorization: {proxy.authorization}")
        sock.settimeout(_TUNNEL_SECONDS)
        sock.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        _check_tunnel(_head(sock), proxy)
    except BaseException as error:
        sock.close()
        if isinstance(error, TimeoutError):
            raise NotSent(f"{proxy}, did not answer in time") from None
        if isinstance(error, OSError):
            raise NotSent(f"{proxy}, ended the connection") from None
        raise
    return sock


def _head(sock: socket.socket) -> bytes:
    """The head of a proxy's answer; a byte at a time, since what follows is the gateway's."""
    head = bytearray()
    while not head.endswith((b"\r\n\r\n", b"\n\n")) and len(head) < _MAX_HEAD:
        byte = sock.recv(1)
        if not byte:
            break
        head += byte
    return bytes(head)


def _check_tunnel(head: bytes, proxy: "Proxy") -> None:
    words = head.split(b"\n", 1)[0].split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise NotSent(f"{proxy}, does not answer as a proxy")
    status = int(words[1])
    if status == 407:
        what = "refuses the name and password there" if proxy.authorization else "asks for a name and password"
        raise NotSent(f"{proxy}, {what}; they are written http://NAME:PASSWORD@HOST:PORT")
    if not 200 <= status < 300:
        raise NotSent(f"{proxy}, does not let it through: HTTP status {status}")


def _secure(sock: socket.socket, address: Address, ca_file: str | None) -> socket.socket:
    import ssl

    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError:  # of which an SSLError is one: a file that is not there, or has no certificate
            sock.close()
            raise NotTrusted(f"{ca_file} can't be read as certificates") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    sock.settimeout(_CONNECT_SECONDS)
    try:
        tls = context.wrap_socket(sock, server_hostname=address.host, do_handshake_on_connect=False)
    except OSError:  # the other side is gone already
        sock.close()
        raise NotSent("no TLS connection") from None
    try:
        tls.do_handshake()
    except OSError as error:
        offers_http1 = tls.selected_alpn_protocol() is not None
        tls.close()
        raise _not_secured(error, address, offers_http1=offers_http1) from None
    return tls


def _not_secured(error: OSError, address: Address, *, offers_http1: bool) -> Exception:
    """Why there is no TLS connection. What the server is says more than what failed, where that can be found out."""
    import ssl

    from paas_transport import second_look

    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return second_look.untrusted(address, offers_http1=offers_http1, why=why) or NotTrusted(why)
    surely = getattr(error, "reason", None) in _NO_TLS
    return refusal_of(error) or second_look.without_tls(address, surely=surely) or NotSent("no TLS connection")
