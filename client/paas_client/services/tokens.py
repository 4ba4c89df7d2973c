"""Calls of TokensService.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from paas.tokens.v1 import tokens_pb2

from paas_client.calls import Calls
from paas_client.listing import Listing
from paas_client.requests import built


@dataclass(frozen=True)
class CreateTokenResponse:
    """The answer with `secret`, which its `repr` leaves out."""

    token: tokens_pb2.Token | None
    # `paas_pat_…`, shown this once.
    secret: str = field(repr=False)
    # The event that this was recorded as; audit has a receipt of it (AuditService.GetReceipt).
    audit_event_id: str

    @classmethod
    def of(cls, message: tokens_pb2.CreateTokenResponse) -> Self:
        """What protobuf has as `paas.tokens.v1.CreateTokenResponse`."""
        return cls(
            token=message.token if message.HasField("token") else None,
            secret=message.secret,
            audit_event_id=message.audit_event_id,
        )


@dataclass(frozen=True)
class RotateTokenResponse:
    """The answer with `secret`, which its `repr` leaves out."""

    # The new token.
    token: tokens_pb2.Token | None
    # `paas_pat_…`, shown this once.
    secret: str = field(repr=False)
    # The one before, with its end.
    previous: tokens_pb2.Token | None
    # How many tokens made with the one before end with it.
    descendants: int

    @classmethod
    def of(cls, message: tokens_pb2.RotateTokenResponse) -> Self:
        """What protobuf has as `paas.tokens.v1.RotateTokenResponse`."""
        return cls(
            token=message.token if message.HasField("token") else None,
            secret=message.secret,
            previous=message.previous if message.HasField("previous") else None,
            descendants=message.descendants,
        )


class TokensService:
    """What users call, through the gateway."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def who_am_i(self, *, timeout: float | None = None) -> tokens_pb2.WhoAmIResponse:
        """Says who the caller is and what they may do.

        Needs a sign-in of any kind. Raises PaasError.

        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.WhoAmIRequest)
        return self._calls.unary(
            "/paas.tokens.v1.TokensService/WhoAmI", request, tokens_pb2.WhoAmIResponse, repeatable=True, timeout=timeout
        )

    def create_token(
        self,
        *,
        name: str,
        ttl: timedelta | None = None,
        permissions: Iterable[str] = (),
        apps: Iterable[str] = (),
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> CreateTokenResponse:
        """Makes a personal access token (PAT); its text is in this answer and nowhere else, ever.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `name`: Required. Unique among the tenant's living tokens; 1 to 64 characters.
        - `ttl`: Optional. At most 366 days; unset is 30 days.
        - `permissions`: Optional. A subset of the creator's. Empty is what CI needs, as far as the creator has it:
          apps.read, config.read, config.write, secrets.list, secrets.write, releases.read and releases.write.
        - `apps`: Optional. Limits it to these apps; empty is all the creator has.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            tokens_pb2.CreateTokenRequest,
            name=name,
            ttl=ttl,
            permissions=permissions,
            apps=apps,
            request_id=self._calls.request_id(request_id),
        )
        return CreateTokenResponse.of(
            self._calls.unary(
                "/paas.tokens.v1.TokensService/CreateToken",
                request,
                tokens_pb2.CreateTokenResponse,
                repeatable=True,
                timeout=timeout,
            )
        )

    def list_tokens(
        self, *, page_size: int = 0, timeout: float | None = None
    ) -> Listing[tokens_pb2.Token, tokens_pb2.ListTokensResponse]:
        """Lists tokens that are neither revoked nor expired, oldest first: those the caller made, and those of the
        whole tenant for who has audit.read.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `page_size`: Optional. At most 100, which is also the default.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.ListTokensRequest, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.tokens.v1.TokensService/ListTokens",
            request,
            tokens_pb2.ListTokensResponse,
            items=lambda page: page.tokens,
            timeout=timeout,
        )

    def find_tokens(self, *, tokens: Iterable[str], timeout: float | None = None) -> tokens_pb2.FindTokensResponse:
        """Finds tokens by their names or ids, also those that have ended and sign-ins, the newest first. One that the
        caller does not see is not there.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `tokens`: Required. Names or ids, 1 to 100. By a name personal access tokens are found, by an id sign-ins
          as well.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.FindTokensRequest, tokens=tokens)
        return self._calls.unary(
            "/paas.tokens.v1.TokensService/FindTokens",
            request,
            tokens_pb2.FindTokensResponse,
            repeatable=True,
            timeout=timeout,
        )

    def rotate_token(
        self,
        *,
        token: str,
        overlap: timedelta | None = None,
        ttl: timedelta | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> RotateTokenResponse:
        """Gives a token a new text: a new token of the same name, scope and apps, and an end to the one before, which
        lives on for the overlap. Whoever may revoke a token may rotate it. What was made with the one before ends
        with it.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `token`: Required. The token's name or id; by its name it is the newest.
        - `overlap`: Optional. How long the text before goes on working: at most 30 days, none at all where it is
          zero; unset is 24 hours. It never lives longer than it would have.
        - `ttl`: Optional. How long the new one lives, at most 366 days; unset is as long as the one before was to.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            tokens_pb2.RotateTokenRequest,
            token=token,
            overlap=overlap,
            ttl=ttl,
            request_id=self._calls.request_id(request_id),
        )
        return RotateTokenResponse.of(
            self._calls.unary(
                "/paas.tokens.v1.TokensService/RotateToken",
                request,
                tokens_pb2.RotateTokenResponse,
                repeatable=True,
                timeout=timeout,
            )
        )

    def revoke_token(self, *, token: str, timeout: float | None = None) -> tokens_pb2.RevokeTokenResponse:
        """Revokes a token and every token made with it, from the next request on; by its name also those it was
        rotated from. One that may do more than the caller is revoked by its maker only, or by somebody who may do
        as much; one that the caller does not see is not there.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `token`: Required. The token's name or id.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.RevokeTokenRequest, token=token)
        return self._calls.unary(
            "/paas.tokens.v1.TokensService/RevokeToken",
            request,
            tokens_pb2.RevokeTokenResponse,
            repeatable=False,
            timeout=timeout,
        )

    def report_token(self, *, secret: str, timeout: float | None = None) -> tokens_pb2.ReportTokenResponse:
        """Ends a token that got out, and every token made with it, given its text: whoever has that could use it. The
        answer is the same whether there is such a token, and whosever it is.

        Needs a sign-in of any kind. Raises PaasError.

        - `secret`: Required. The text of the token, `paas_pat_…`.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.ReportTokenRequest, secret=secret)
        return self._calls.unary(
            "/paas.tokens.v1.TokensService/ReportToken",
            request,
            tokens_pb2.ReportTokenResponse,
            repeatable=False,
            timeout=timeout,
        )

    def end_sessions(self, *, user: str = "", timeout: float | None = None) -> tokens_pb2.EndSessionsResponse:
        """Ends the sessions of a person. Their sign-ins that are kept here end with the answer; whoever keeps others,
        as the dashboard does those of browsers, asks this first, as the one who ends them, and then ends these.
        One's own anybody ends, and of those only the browsers'. Somebody else's are ended by people, not by tokens,
        who have tokens.manage and audit.read; a sign-in that may do more than they stays.

        Needs a sign-in of any kind. Raises PaasError.

        - `user`: Optional. Whose, `ada@example.com`; empty is one's own browsers'.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.EndSessionsRequest, user=user)
        return self._calls.unary(
            "/paas.tokens.v1.TokensService/EndSessions",
            request,
            tokens_pb2.EndSessionsResponse,
            repeatable=False,
            timeout=timeout,
        )
