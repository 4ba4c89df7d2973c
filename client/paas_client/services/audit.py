"""Calls of AuditService.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from datetime import datetime

from paas.audit.v1 import audit_pb2

from paas_client.calls import Calls
from paas_client.listing import Listing
from paas_client.requests import built


class AuditService:
    """What users call, through the gateway."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list_events(
        self,
        *,
        page_size: int = 0,
        app: str = "",
        action: str = "",
        actor: str = "",
        name: str = "",
        outcome: audit_pb2.Outcome.ValueType = audit_pb2.OUTCOME_UNSPECIFIED,
        people_only: bool = False,
        since: datetime | None = None,
        until: datetime | None = None,
        after_sequence: int = 0,
        before_sequence: int = 0,
        oldest_first: bool = False,
        timeout: float | None = None,
    ) -> Listing[audit_pb2.Event, audit_pb2.ListEventsResponse]:
        """Lists a tenant's events, newest first unless asked otherwise.

        Needs the permission `audit.read`. Raises PaasError.

        - `page_size`: Optional. At most 500; 0 is 50.
        - `app`: Optional. Only events of this app.
        - `action`: Optional. Only events of this action, one of `Action`: `secrets.get`.
        - `actor`: Optional. Only what this one did, had done or whose token did it: events that have this as
          `actor`, as `on_behalf_of` or as `maker`. `user:ada@example.com`, `pat:github-ci`, `service:releaser`. At
          most 200 bytes.
        - `name`: Optional. Only events that have this among their `targets`: `STRIPE_API_KEY`. At most 128 bytes.
        - `outcome`: Optional. Only attempts that ended so.
        - `people_only`: Optional. Without what services did by themselves, for nobody.
        - `since`: Optional. Only events that were appended then or later. `recorded_at` says when; in the log's
          order it never goes back, so nothing is added to a time that is over.
        - `until`: Optional. Only events that were appended before then.
        - `after_sequence`: Optional. Only events of a higher sequence.
        - `before_sequence`: Optional. Only events of a lower sequence; 0 is no limit.
        - `oldest_first`: Optional. Oldest first instead of newest first.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            audit_pb2.ListEventsRequest,
            page_size=page_size,
            app=app,
            action=action,
            actor=actor,
            name=name,
            outcome=outcome,
            people_only=people_only,
            since=since,
            until=until,
            after_sequence=after_sequence,
            before_sequence=before_sequence,
            oldest_first=oldest_first,
        )
        return Listing(
            self._calls,
            "/paas.audit.v1.AuditService/ListEvents",
            request,
            audit_pb2.ListEventsResponse,
            items=lambda page: page.events,
            timeout=timeout,
        )

    def follow_events(
        self,
        *,
        after_sequence: int = 0,
        app: str = "",
        action: str = "",
        actor: str = "",
        name: str = "",
        outcome: audit_pb2.Outcome.ValueType = audit_pb2.OUTCOME_UNSPECIFIED,
        people_only: bool = False,
        idle: float = 600.0,
    ) -> Generator[audit_pb2.FollowEventsResponse, None, None]:
        """Sends events after a sequence number, in order, and then new ones as they come.

        Needs the permission `audit.read`. Raises PaasError.

        - `after_sequence`: Optional. 0 starts with the events still to come; -1 with the oldest.
        - `app`: Optional. Only events of this app.
        - `action`: Optional. Only events of this action, one of `Action`: `secrets.get`.
        - `actor`: Optional. Only what this one did, had done or whose token did it: events that have this as
          `actor`, as `on_behalf_of` or as `maker`. `user:ada@example.com`, `pat:github-ci`, `service:releaser`. At
          most 200 bytes.
        - `name`: Optional. Only events that have this among their `targets`: `STRIPE_API_KEY`. At most 128 bytes.
        - `outcome`: Optional. Only attempts that ended so.
        - `people_only`: Optional. Without what services did by themselves, for nobody.
        - `idle`: Optional. The most seconds between two answers.
        """
        request = built(
            audit_pb2.FollowEventsRequest,
            after_sequence=after_sequence,
            app=app,
            action=action,
            actor=actor,
            name=name,
            outcome=outcome,
            people_only=people_only,
        )
        return self._calls.stream(
            "/paas.audit.v1.AuditService/FollowEvents", request, audit_pb2.FollowEventsResponse, idle=idle
        )

    def summarize_events(
        self,
        *,
        actions: Iterable[str],
        actor: str = "",
        token_id: str = "",
        app: str = "",
        outcome: audit_pb2.Outcome.ValueType = audit_pb2.OUTCOME_UNSPECIFIED,
        since: datetime | None = None,
        until: datetime | None = None,
        timeout: float | None = None,
    ) -> Listing[audit_pb2.EventSum, audit_pb2.SummarizeEventsResponse]:
        """Sums a tenant's events up: what was done to which name, by whom, how often, from when to when. A part of
        them in each call; the same sum may be in several parts, and whoever asks adds them up.

        Needs the permission `audit.read`. Raises PaasError.

        - `actions`: Required. Only events of these actions, each one of `Action`; at most 40.
        - `actor`: Optional. Only what this one did, had done or whose token did it: events that have this as
          `actor`, as `on_behalf_of` or as `maker`. `user:ada@example.com`, `pat:github-ci`, `service:releaser`. At
          most 200 bytes.
        - `token_id`: Optional. Only what was done with the token of this id.
        - `app`: Optional. Only events of this app.
        - `outcome`: Optional. Only attempts that ended so.
        - `since`: Optional. Only events that were appended then or later. `recorded_at` says when; in the log's
          order it never goes back, so nothing is added to a time that is over.
        - `until`: Optional. Only events that were appended before then.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            audit_pb2.SummarizeEventsRequest,
            actions=actions,
            actor=actor,
            token_id=token_id,
            app=app,
            outcome=outcome,
            since=since,
            until=until,
        )
        return Listing(
            self._calls,
            "/paas.audit.v1.AuditService/SummarizeEvents",
            request,
            audit_pb2.SummarizeEventsResponse,
            items=lambda page: page.sums,
            timeout=timeout,
        )

    def get_log(self, *, timeout: float | None = None) -> audit_pb2.GetLogResponse:
        """Says what the tenant's log is called, who signs it, and how far it was published.

        Needs the permission `audit.read`. Raises PaasError.

        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(audit_pb2.GetLogRequest)
        return self._calls.unary(
            "/paas.audit.v1.AuditService/GetLog", request, audit_pb2.GetLogResponse, repeatable=True, timeout=timeout
        )

    def read_log_file(self, *, path: str, idle: float = 600.0) -> Generator[audit_pb2.ReadLogFileResponse, None, None]:
        """Sends a file of the tenant's log (c2sp.org/tlog-tiles), in pieces: its checkpoint, a tile or a bundle of
        entries. Entries are told to nobody who is limited to some apps: they are all apps'.

        Needs the permission `audit.read`. Raises PaasError.

        - `path`: Required. Below the log's prefix: `checkpoint`, `tile/0/001.p/44`, `tile/entries/000`.
        - `idle`: Optional. The most seconds between two answers.
        """
        request = built(audit_pb2.ReadLogFileRequest, path=path)
        return self._calls.stream(
            "/paas.audit.v1.AuditService/ReadLogFile", request, audit_pb2.ReadLogFileResponse, idle=idle
        )

    def get_receipt(self, *, event_id: str, timeout: float | None = None) -> audit_pb2.GetReceiptResponse:
        """Proves that an event is in the tenant's log; answers once it was published. Of their own events everybody
        gets it, of others' who may read them.

        Needs a sign-in of any kind. Raises PaasError.

        - `event_id`: Required.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(audit_pb2.GetReceiptRequest, event_id=event_id)
        return self._calls.unary(
            "/paas.audit.v1.AuditService/GetReceipt",
            request,
            audit_pb2.GetReceiptResponse,
            repeatable=True,
            timeout=timeout,
        )
