"""Envoy's question before every request: who is this? (`envoy.service.auth.v3.Authorization`)

Translates between Envoy's messages and `SignInCheck`. A check that can't be made is an error of this call, which Envoy
turns into 503; it is never an answer.
"""

from typing import Any, Final

from envoy.config.core.v3 import base_pb2
from envoy.service.auth.v3 import attribute_context_pb2, external_auth_pb2
from envoy.type.v3 import http_status_pb2
from google.protobuf import struct_pb2
from google.rpc import code_pb2, status_pb2

from paaskit.identity import HEADER
from services.tokens.check.authentication import SignedIn, SignInCheck

_AUTHORIZATION: Final = "authorization"
_OUR_HEADERS: Final = "x-paas-"
_LONGEST_ADDRESS: Final = 64
# The only client of the gateway that calls for others, by its certificate, and where it says from which address they
# come (gateway/dashboard.py). From everybody else the gateway does not pass the header on.
_DASHBOARD: Final = "spiffe://paas/dashboard"
_FOR: Final = "x-forwarded-for"

# One sentence for all: who holds no valid token learns nothing about the ones there are.
NOT_SIGNED_IN: Final = (
    "You are not signed in, or your token has expired or was revoked. "
    "Sign in again, or set PAAS_TOKEN to a token that is valid."
)
_DENIED: Final = external_auth_pb2.CheckResponse(
    status=status_pb2.Status(code=code_pb2.UNAUTHENTICATED),
    denied_response=external_auth_pb2.DeniedHttpResponse(
        status=http_status_pb2.HttpStatus(code=http_status_pb2.Unauthorized), body=NOT_SIGNED_IN
    ),
)


class AuthorizationServicer:
    """Answers the gateway."""

    def __init__(self, sign_in_check: SignInCheck) -> None:
        self._sign_in_check = sign_in_check

    async def Check(  # noqa: N802  # the contract's name
        self, request: external_auth_pb2.CheckRequest, _context: Any
    ) -> external_auth_pb2.CheckResponse:
        """Say who the caller is, or that it is nobody."""
        headers = _headers(request.attributes.request.http)
        address = _address(request.attributes.source, headers)
        presented = [value for name, value in headers if name == _AUTHORIZATION]
        signed = await self._sign_in_check.check(presented, client_address=address[:_LONGEST_ADDRESS])
        return _DENIED if signed is None else _admitted(signed, [name for name, _ in headers])


def _address(source: attribute_context_pb2.AttributeContext.Peer, headers: list[tuple[str, str]]) -> str:
    """Return from which address the caller comes: of the connection, or as the dashboard says it of its user."""
    said = [value for name, value in headers if name == _FOR]
    if source.principal == _DASHBOARD and len(said) == 1:
        return said[0]
    return str(source.address.socket_address.address)


def _headers(http: attribute_context_pb2.AttributeContext.HttpRequest) -> list[tuple[str, str]]:
    """Return the request's headers, names in lower case. Envoy sends them in one of two forms."""
    pairs = [(name.lower(), value) for name, value in http.headers.items()]
    for header in http.header_map.headers:
        value = header.raw_value.decode("latin-1") if header.raw_value else header.value
        pairs.append((header.key.lower(), value))
    return pairs


def _admitted(signed: SignedIn, names: list[str]) -> external_auth_pb2.CheckResponse:
    # Not the identity's own name: Envoy removes after it sets, and setting overwrites a forged one.
    forged = {name for name in names if name.startswith(_OUR_HEADERS) and name != HEADER}
    identity = base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=HEADER, value=signed.identity),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
    # For the gateway's memory, which no service sees: it may say the same again for as long as this holds.
    remembered = struct_pb2.Struct(
        fields={
            "identity": struct_pb2.Value(string_value=signed.identity),
            "holds_seconds": struct_pb2.Value(number_value=signed.holds_seconds),
        }
    )
    return external_auth_pb2.CheckResponse(
        dynamic_metadata=remembered,
        status=status_pb2.Status(code=code_pb2.OK),
        ok_response=external_auth_pb2.OkHttpResponse(
            headers=[identity], headers_to_remove=[_AUTHORIZATION, *sorted(forged)]
        ),
    )
