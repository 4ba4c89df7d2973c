"""What a server is with which no call could be made: it is reached once more, and sent nothing of a request.

Loaded only once something has failed. Whose certificate a server has does not matter to a look, since nothing is told
to it; nor does a look make it one that anything is sent to.
"""

import ssl
from dataclasses import dataclass

from paas_transport.address import Address
from paas_transport.connection import ASKED_WITHOUT, HTTP2_ALONE, NotSent, OtherProtocol, reach, refusal_of, spoken
from paas_transport.rpc_error import NotGateway, RpcError, Unanswered

# How long a server is given to say what it makes of a greeting.
_SECONDS = 1.0
_NO_HTTP1 = "speaks TLS and offers no HTTP/1.1, as a service's own port does"
_NO_TLS = "speaks no TLS"
_ENDS = "ends the connection before it is asked anything, as what wants a client's certificate does"
# A server's first frame in HTTP/2; what it says in HTTP/1.1 is longer.
_ENOUGH = 9


@dataclass(frozen=True, kw_only=True)
class _Greeted:
    """How a server answered a greeting with TLS.

    `chosen` is the protocol that it took of those offered, empty for none; `refusal` what it then refused, where it
    said so, and `ended` whether it ended the connection without that.
    """

    chosen: str = ""
    refusal: OtherProtocol | None = None
    ended: bool = False


def at(error: Unanswered, address: Address) -> RpcError:
    """The error of a call that got no answer, or what is wrong with whom it was sent to."""
    other = unanswered(address)
    return error if other is None else NotGateway(str(other), path=error.path, scheme=other.scheme)


def unanswered(address: Address) -> OtherProtocol | None:
    """What a server is that took a request and said nothing; None where it may be a gateway that went away.

    Most servers that want TLS say nothing to plain http, and those of HTTP/2 alone nothing to HTTP/1.1.
    """
    first = _greeted(address, "http/1.1")
    if first is None:
        return None
    if first.refusal is not None:
        return first.refusal
    if not first.chosen and (second := _greeted(address, "h2")) is not None and second.chosen:
        return OtherProtocol(_NO_HTTP1)
    if address.scheme == "https":
        return None
    # It was asked without TLS, so it has done nothing of what it was asked, whatever it is.
    if first.ended and not first.chosen:
        return OtherProtocol(f"speaks TLS, and {_ENDS}")
    return OtherProtocol(ASKED_WITHOUT, scheme="https")


def untrusted(address: Address, *, offers_http1: bool, why: str) -> OtherProtocol | None:
    """What a server is whose certificate is not trusted, for the reason `why`; None where that is all that is wrong.

    `offers_http1` is what it said when it was greeted with that alone.
    """
    found = _greeted(address, "h2", "http/1.1")
    if found is None:
        return None
    what = found.refusal
    if what is None and found.chosen == "h2" and not offers_http1:
        what = OtherProtocol(HTTP2_ALONE)
    if what is None and found.ended:
        what = OtherProtocol(_ENDS)
    return what and OtherProtocol(f"{what}, and has a certificate that is not trusted here ({why})")


def without_tls(address: Address, *, surely: bool) -> OtherProtocol | None:
    """What a server is that does not answer TLS with TLS; None where nothing is known of it.

    It may wait for a line to end before it says anything, so it is asked for what everybody may see. `surely` says
    that what it answered is no TLS.
    """
    start = b""
    try:
        with reach(address) as sock:
            sock.settimeout(_SECONDS)
            sock.sendall(f"HEAD / HTTP/1.1\r\nhost: {address.authority}\r\nconnection: close\r\n\r\n".encode("latin-1"))
            while len(start) < _ENOUGH and (more := sock.recv(64)):
                start += more
    except (NotSent, OSError):
        pass  # what came before is what there is
    if start.startswith(b"HTTP/1."):
        return OtherProtocol(_NO_TLS, scheme="http")
    other = spoken(start)
    if other is not None and other.scheme is None:
        return OtherProtocol(f"{_NO_TLS}, and {other}")
    return OtherProtocol(_NO_TLS) if surely else None


def _greeted(address: Address, *offered: str) -> _Greeted | None:
    """How a server answers a greeting that offers these protocols, None where it does not with TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(offered))
    try:
        sock = reach(address)
    except NotSent:
        return None
    sock.settimeout(_SECONDS)
    try:
        with context.wrap_socket(sock, server_hostname=address.host, do_handshake_on_connect=False) as tls:
            return _handshaken(tls)
    except OSError:
        return None


def _handshaken(tls: ssl.SSLSocket) -> _Greeted:
    """How a server takes a greeting. Raises OSError where it does not with TLS."""
    try:
        tls.do_handshake()
    except ssl.SSLError as error:
        refusal = refusal_of(error)
        if refusal is None and "_ALERT_" not in str(error.reason):
            raise
        return _Greeted(refusal=refusal, ended=refusal is None)
    chosen = tls.selected_alpn_protocol() or ""
    try:  # with TLS 1.3 a client is done before the server has looked for its certificate
        return _Greeted(chosen=chosen, ended=not tls.recv(1))
    except TimeoutError:
        return _Greeted(chosen=chosen)
    except OSError as error:
        refusal = refusal_of(error)
        return _Greeted(chosen=chosen, refusal=refusal, ended=refusal is None)
