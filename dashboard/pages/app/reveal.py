"""Revealing one value, to a script of ours that shows it for half a minute. It is in no page and in no address."""

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from starlette.responses import JSONResponse, Response

from dashboard.web.visit import Visit


async def reveal(visit: Visit) -> Response:
    """Answer with the value. That it was revealed is in the audit log before."""
    stub = secrets_pb2_grpc.SecretsServiceStub(visit.caller.channel)
    request = secrets_pb2.RevealSecretRequest(app=visit.path("app"), name=visit.path("name"))
    return JSONResponse({"value": (await visit.caller.call(stub.RevealSecret, request)).value})
