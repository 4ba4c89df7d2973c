"""Revealing one value, to a script of ours that shows it for half a minute. It is in no page and in no address."""

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc
from starlette.responses import JSONResponse, Response

from dashboard.web.visit import Visit


async def reveal(visit: Visit) -> Response:
    """Answer with the value. That it was revealed is in the audit log before, with the reason where there is one.

    The page asks for one before it shows a value, and copies without.
    """
    stub = secrets_pb2_grpc.SecretsServiceStub(visit.caller.channel)
    given = visit.form.get("reason")
    reason = given.strip() if isinstance(given, str) else ""
    request = secrets_pb2.RevealSecretRequest(app=visit.place.name, name=visit.path("name"), reason=reason)
    return JSONResponse({"value": (await visit.caller.call(stub.RevealSecret, request)).value})
