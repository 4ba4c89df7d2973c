"""How every method of every server is reached: by users through the gateway, by services over mTLS."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from paas.access.v1 import access_pb2

from gateway.methods import INTERNAL_SUFFIX, contracts
from local.certificates import dns_san
from local.ports import GATEWAY, HOST, SIGN_IN_CHECK, port_of
from tests.abuse.requests.envelopes import Target
from tests.abuse.requests.http2 import Connection
from tests.access.methods import Method, every_method

_CHECK: Final = "envoy.service.auth.v3.Authorization"
_OF_SERVICES: Final = INTERNAL_SUFFIX
# Whoever may call methods whose contract is not ours: the gateway, or anybody with a certificate.
_ELSE: Final = "gateway"
# Nothing may come to the one for as long as it is open; to the other an answer comes unless something hangs.
_OF_STREAMS: Final = b"60m"
_OF_OTHERS: Final = b"20S"


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What a stranger to the installation needs to be a user of it and, with its certificates, a service."""

    base_port: int
    tls: Path
    token: str

    def __repr__(self) -> str:
        return f"Reach(base_port={self.base_port})"

    async def connect(self, place: str) -> Connection:
        """Connect to a place: `gateway`, or `listener as certificate`."""
        server, _, certificate = place.partition(" as ")
        port = port_of(server, base_port=self.base_port)
        service = "tokens" if server == SIGN_IN_CHECK else server.removesuffix("-public")
        if server == GATEWAY:
            return await Connection.open(HOST, port, tls=None, name=None)
        context = _context(self.tls, certificate)
        return await Connection.open(HOST, port, tls=context, name=dns_san(service))

    def targets(self) -> Iterator[tuple[Method, Target]]:
        """Every method of every server, once, as whoever may call it."""
        public = {file.package for file in contracts()}
        for method in every_method():
            service = method.descriptor.containing_service
            streams = method.descriptor.server_streaming
            deadline = _OF_STREAMS if streams else _OF_OTHERS
            if service.file.package in public and not service.name.endswith(_OF_SERVICES):
                bearer = (b"authorization", f"Bearer {self.token}".encode())
                yield (
                    method,
                    Target(place=GATEWAY, path=method.path, caller=(bearer,), deadline=deadline, is_stream=streams),
                )
            else:
                server = SIGN_IN_CHECK if service.full_name == _CHECK else method.server
                place = f"{server} as {_caller_of(method)}"
                yield method, Target(place=place, path=method.path, deadline=deadline, is_stream=streams)


def _caller_of(method: Method) -> str:
    options = method.descriptor.GetOptions()
    rule = options.Extensions[access_pb2.rule] if options.HasExtension(access_pb2.rule) else None
    return min(rule.callers) if rule is not None and rule.callers else _ELSE


@lru_cache
def _context(folder: Path, certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
    context.set_alpn_protocols(["h2"])
    return context
