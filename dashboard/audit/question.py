"""What is asked of the log, as it stands in an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.rpc import code_pb2
from paas.audit.v1 import audit_pb2
from starlette.datastructures import QueryParams

from dashboard.calls.refusals import Refusal
from paas_cli.errors import Misuse
from paas_cli.typed.moments import moment

_OUTCOMES: Final = {
    "ok": audit_pb2.OUTCOME_OK,
    "denied": audit_pb2.OUTCOME_DENIED,
    "failed": audit_pb2.OUTCOME_FAILED,
}
FIELDS: Final = ("app", "name", "action", "actor", "outcome", "since", "until", "people")


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the log, as it stands in the address."""

    given: Mapping[str, str]

    @classmethod
    def of(cls, query: QueryParams) -> "Question":
        """What an address asks; what it has beside that is not asked."""
        return cls(given={field: query.get(field, "").strip() for field in FIELDS if query.get(field, "").strip()})

    def fill(self, request: Any) -> None:
        """Fill in a request that lists or follows. Raises Refusal naming what can't be asked."""
        given = self.given
        request.app, request.name = given.get("app", ""), given.get("name", "")
        request.action, request.actor = given.get("action", ""), _actor(given.get("actor", ""))
        request.people_only = given.get("people") == "1"
        if "outcome" in given:
            if given["outcome"] not in _OUTCOMES:
                raise _refused("An outcome is ok, denied or failed.")
            request.outcome = _OUTCOMES[given["outcome"]]

    def fill_times(self, request: audit_pb2.ListEventsRequest, *, now: float) -> None:
        """Fill in from when until when. Raises Refusal naming what is no time."""
        for field, asked in (("since", request.since), ("until", request.until)):
            if field in self.given:
                try:
                    asked.FromDatetime(moment(self.given[field], option=field.capitalize(), now=now))
                except Misuse as misuse:
                    raise _refused(str(misuse)) from None


def _actor(given: str) -> str:
    """What has no kind before it is a person, as on the command line."""
    return f"user:{given}" if given and ":" not in given else given


def _refused(sentence: str) -> Refusal:
    return Refusal(code=code_pb2.INVALID_ARGUMENT, sentence=sentence)
