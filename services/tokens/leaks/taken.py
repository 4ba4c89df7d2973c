"""Reports of somebody who is nobody's user: verified, read, obeyed and answered, in this order and no other."""

from typing import Final

import structlog

from paaskit import metrics
from paaskit.errors import InvalidInput
from services.tokens.leaks import matches
from services.tokens.leaks.reports import Reports
from services.tokens.leaks.signatures import Signatures, UnverifiedReport

REPORTER: Final = "service:github-secret-scanning"
"""Who ends a token in the log of its tenant."""

log = structlog.get_logger()


class TakenReports:
    """Takes reports of GitHub's secret scanning."""

    def __init__(self, signatures: Signatures, reports: Reports) -> None:
        self._signatures = signatures
        self._reports = reports

    async def take(self, report: UnverifiedReport) -> bytes:
        """End what a report has, and return what is said of it. None of it is accepted any more when this returns.

        Raises Unauthenticated for what is not signed, InvalidInput for what is no report, and Unavailable.
        """
        if not report.body:
            raise InvalidInput("A report has a body.")
        await self._signatures.verify(report)
        try:
            found = matches.read(report.body)
        except InvalidInput:
            metrics.LEAK_REPORTS.labels("no_report").inc()
            raise
        ours = await self._reports.end_all({match.text for match in found}, reporter=REPORTER)
        metrics.LEAK_REPORTS.labels("taken").inc()
        metrics.LEAKED_TOKENS.inc(len(ours))
        log.info("leak_report_taken", matches=len(found), tokens=len(ours))
        return matches.answer(found, ours=ours)
