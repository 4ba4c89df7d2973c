"""Calls of SecretsService that need `secrets.list`.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from datetime import timedelta

from paas.secrets.v1 import secrets_pb2

from paas_client.calls import Calls
from paas_client.listing import Listing
from paas_client.requests import built


class ListCalls:
    """Calls of SecretsService that need `secrets.list`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list_secrets(
        self, *, app: str, page_size: int = 0, timeout: float | None = None
    ) -> Listing[secrets_pb2.Secret, secrets_pb2.ListSecretsResponse]:
        """Lists the names of an app's secrets in the order they were first set, never their values.

        Needs the permission `secrets.list`. Raises PaasError.

        - `app`: Required.
        - `page_size`: Optional. At most 500, which is also the default.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.ListSecretsRequest, app=app, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.secrets.v1.SecretsService/ListSecrets",
            request,
            secrets_pb2.ListSecretsResponse,
            items=lambda page: page.secrets,
            timeout=timeout,
        )

    def list_due_secrets(
        self,
        *,
        kind: secrets_pb2.DueKind.ValueType,
        within: timedelta | None = None,
        page_size: int = 0,
        timeout: float | None = None,
    ) -> Listing[secrets_pb2.DueSecret, secrets_pb2.ListDueSecretsResponse]:
        """Lists secrets of all apps that somebody has to see to, the most urgent first, never their values: those
        whose end is near or past, those that are due to be rotated, or those that nobody was given for long. A
        token that is limited to some apps is told of these.

        Needs the permission `secrets.list`. Raises PaasError.

        - `kind`: Required.
        - `within`: Optional. For EXPIRY, how soon the end is: 0 is 30 days. For ROTATION, the age from which any
          value is listed: 0 goes by each one's own `rotate_every`. For UNDELIVERED, for how long nobody was given
          it: 0 is 90 days.
        - `page_size`: Optional. At most 500, which is also the default.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.ListDueSecretsRequest, kind=kind, within=within, page_size=page_size)
        return Listing(
            self._calls,
            "/paas.secrets.v1.SecretsService/ListDueSecrets",
            request,
            secrets_pb2.ListDueSecretsResponse,
            items=lambda page: page.secrets,
            timeout=timeout,
        )
