"""Reading secrets through our gateway, as wrk can send it: gRPC-web in HTTP/1.1."""

from collections.abc import Mapping, Sequence

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from bench.peers.wrk import Read
from bench.platform import Bench
from local.ports import GATEWAY, port_of
from paaskit.clock import random_id

_APP = "peer"


class Ours:
    """Our stack, with an app of which to read."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def put(self, values: Mapping[str, str]) -> None:
        """Make the app and store its secrets."""
        await self._bench.create_app(_APP)
        assignments = [secrets_pb2.SecretAssignment(name=name, value=value) for name, value in values.items()]
        request = secrets_pb2.SetSecretsRequest(request_id=random_id(), app=_APP, secrets=assignments)
        stub = secrets_pb2_grpc.SecretsServiceStub(self._bench.channel("secrets"))
        await stub.SetSecrets(request, metadata=await self._bench.me())
        await self._bench.close()

    def read(self, names: Sequence[str]) -> Read:
        """Return what reads one value, or several in one call."""
        if len(names) == 1:
            method, message = (
                "RevealSecret",
                secrets_pb2.RevealSecretRequest(app=_APP, name=names[0]).SerializeToString(),
            )
        else:
            method, message = (
                "RevealSecrets",
                secrets_pb2.RevealSecretsRequest(app=_APP, names=names).SerializeToString(),
            )
        return Read(
            port=port_of(GATEWAY, base_port=self._bench.stack.base_port),
            method="POST",
            path=f"/paas.secrets.v1.SecretsService/{method}",
            headers={
                "content-type": "application/grpc-web+proto",
                "authorization": f"Bearer {self._bench.token}",
            },
            body=b"\0" + len(message).to_bytes(4, "big") + message,
            expect="grpc-status:0",
        )
