"""Calls of TrustsService.

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
class ExchangeTokenResponse:
    """The answer with `access_token`, which its `repr` leaves out."""

    # `paas_pat_…`, in this answer and nowhere else.
    access_token: str = field(repr=False)
    # `urn:ietf:params:oauth:token-type:access_token`.
    issued_token_type: str
    # `Bearer`.
    token_type: str
    # Seconds.
    expires_in: int
    # What it may do, with spaces between.
    scope: str
    # What may be known of it without having it.
    token: tokens_pb2.Token | None

    @classmethod
    def of(cls, message: tokens_pb2.ExchangeTokenResponse) -> Self:
        """What protobuf has as `paas.tokens.v1.ExchangeTokenResponse`."""
        return cls(
            access_token=message.access_token,
            issued_token_type=message.issued_token_type,
            token_type=message.token_type,
            expires_in=message.expires_in,
            scope=message.scope,
            token=message.token if message.HasField("token") else None,
        )


class TrustsService:
    """Tokens for CI jobs that hold no token: what their CI system signs of them is exchanged for one (RFC 8693)."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create_trust(
        self,
        *,
        name: str,
        issuer: str,
        provider: str = "",
        audience: str = "",
        subject: str,
        conditions: Iterable[tokens_pb2.Condition] = (),
        allow_pull_requests: bool = False,
        permissions: Iterable[str] = (),
        apps: Iterable[str] = (),
        ttl: timedelta | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> tokens_pb2.CreateTrustResponse:
        """Makes a trust: says whose CI jobs get tokens, and what these may do, which is never more than its maker may
        then. Only people make them, no token does.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `name`: Required. Unique among the tenant's trusts; 1 to 40 characters.
        - `issuer`: Required. An https address that the operator of the installation lets trusts name.
        - `provider`: Optional. Empty is what the issuer's address says: `other` where it says nothing.
        - `audience`: Optional. Empty is one that no other trust has, `paas-trust:` and the trust's id.
        - `subject`: Required. May end in `*` after the owner and the repository, and nowhere else. At most 512
          bytes.
        - `conditions`: Optional. At most 20.
        - `allow_pull_requests`: Optional.
        - `permissions`: Optional. As of a token that is made.
        - `apps`: Optional. As of a token that is made.
        - `ttl`: Optional. From 1 to 15 minutes; unset is 15.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            tokens_pb2.CreateTrustRequest,
            name=name,
            issuer=issuer,
            provider=provider,
            audience=audience,
            subject=subject,
            conditions=conditions,
            allow_pull_requests=allow_pull_requests,
            permissions=permissions,
            apps=apps,
            ttl=ttl,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.tokens.v1.TrustsService/CreateTrust",
            request,
            tokens_pb2.CreateTrustResponse,
            repeatable=True,
            timeout=timeout,
        )

    def list_trusts(
        self, *, page_size: int = 0, timeout: float | None = None
    ) -> Listing[tokens_pb2.Trust, tokens_pb2.ListTrustsResponse]:
        """Lists trusts, oldest first: those the caller made, and those of the whole tenant for who has audit.read.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `page_size`: Optional. At most 100, which is also the default, and all that a tenant may have.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.ListTrustsRequest, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.tokens.v1.TrustsService/ListTrusts",
            request,
            tokens_pb2.ListTrustsResponse,
            items=lambda page: page.trusts,
            timeout=timeout,
        )

    def delete_trust(self, *, trust: str, timeout: float | None = None) -> tokens_pb2.DeleteTrustResponse:
        """Ends a trust and the tokens it gave, from the next request on. One out of the caller's sight is not there.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `trust`: Required. Its name or id.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.DeleteTrustRequest, trust=trust)
        return self._calls.unary(
            "/paas.tokens.v1.TrustsService/DeleteTrust",
            request,
            tokens_pb2.DeleteTrustResponse,
            repeatable=False,
            timeout=timeout,
        )

    def test_trust(
        self, *, trust: str, subject_token: str, timeout: float | None = None
    ) -> tokens_pb2.TestTrustResponse:
        """Says claim by claim whether a trust takes a token of its CI system, and gives nothing for it.

        Needs the permission `tokens.manage`. Raises PaasError.

        - `trust`: Required. Its name or id.
        - `subject_token`: Required. What a job of the CI system was given. At most 16384 bytes.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(tokens_pb2.TestTrustRequest, trust=trust, subject_token=subject_token)
        return self._calls.unary(
            "/paas.tokens.v1.TrustsService/TestTrust",
            request,
            tokens_pb2.TestTrustResponse,
            repeatable=False,
            timeout=timeout,
        )

    def exchange_token(
        self, *, grant_type: str, trust: str, subject_token: str, subject_token_type: str, timeout: float | None = None
    ) -> ExchangeTokenResponse:
        """Exchanges a token that a CI system gave to one of its jobs for one of ours (RFC 8693, whose names the fields
        have). Whatever is wrong with it, the answer is the same; the log of the trust's tenant says what it was.

        Needs no sign-in. Raises PaasError.

        - `grant_type`: Required. `urn:ietf:params:oauth:grant-type:token-exchange`.
        - `trust`: Required. The trust's id.
        - `subject_token`: Required. What the job was given by its CI system. At most 16384 bytes.
        - `subject_token_type`: Required. `urn:ietf:params:oauth:token-type:id_token` or
          `urn:ietf:params:oauth:token-type:jwt`.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            tokens_pb2.ExchangeTokenRequest,
            grant_type=grant_type,
            trust=trust,
            subject_token=subject_token,
            subject_token_type=subject_token_type,
        )
        return ExchangeTokenResponse.of(
            self._calls.unary(
                "/paas.tokens.v1.TrustsService/ExchangeToken",
                request,
                tokens_pb2.ExchangeTokenResponse,
                repeatable=False,
                timeout=timeout,
                as_nobody=True,
            )
        )
