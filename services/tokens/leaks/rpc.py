"""Between the contract of leak reports and what is done about them. The gateway made it of plain HTTP."""

from typing import Any, Final

from google.api import httpbody_pb2
from paas.leaks.v1 import leaks_pb2, leaks_pb2_grpc

from services.tokens.leaks.signatures import UnverifiedReport
from services.tokens.leaks.taken import TakenReports

_KEY_ID: Final = "github-public-key-identifier"
_SIGNATURE: Final = "github-public-key-signature"
_JSON: Final = "application/json"


class LeaksServicer(leaks_pb2_grpc.LeaksInternalServiceServicer):
    """What the gateway calls for who reports."""

    def __init__(self, reports: TakenReports) -> None:
        self._reports = reports

    async def ReportLeaks(self, request: leaks_pb2.ReportLeaksRequest, context: Any) -> leaks_pb2.ReportLeaksResponse:
        """End what was found."""
        report = UnverifiedReport(
            body=request.body.data, key_ids=_all_of(context, _KEY_ID), signatures=_all_of(context, _SIGNATURE)
        )
        answer = await self._reports.take(report)
        return leaks_pb2.ReportLeaksResponse(body=httpbody_pb2.HttpBody(content_type=_JSON, data=answer))


def _all_of(context: Any, name: str) -> tuple[str, ...]:
    return tuple(str(value) for key, value in context.invocation_metadata() or () if key == name)
