"""Calls of SecretsService that need `secrets.reveal`.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from collections.abc import Iterable

from paas.secrets.v1 import secrets_pb2

from paas_client.calls import Calls
from paas_client.requests import built
from paas_client.services.secrets.answers import RevealEnvironmentResponse, RevealSecretResponse, RevealSecretsResponse


class RevealCalls:
    """Calls of SecretsService that need `secrets.reveal`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def reveal_secret(
        self, *, app: str, name: str, reason: str = "", timeout: float | None = None
    ) -> RevealSecretResponse:
        """Reads one value. The audit event is committed before the value leaves.

        Needs the permission `secrets.reveal`. Raises PaasError.

        - `app`: Required.
        - `name`: Required.
        - `reason`: Optional. Why, for the audit log: one line of at most 200 characters. Refused where a value that
          is asked for, or a part of one, is in it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.RevealSecretRequest, app=app, name=name, reason=reason)
        return RevealSecretResponse.of(
            self._calls.unary(
                "/paas.secrets.v1.SecretsService/RevealSecret",
                request,
                secrets_pb2.RevealSecretResponse,
                repeatable=True,
                timeout=timeout,
            )
        )

    def reveal_secrets(
        self, *, app: str, names: Iterable[str], reason: str = "", timeout: float | None = None
    ) -> RevealSecretsResponse:
        """Reads several values: all of them or, if any name is not there or managed, none. One audit event names them
        all and is committed before any value leaves.

        Needs the permission `secrets.reveal`. Raises PaasError.

        - `app`: Required.
        - `names`: Required. 1 to 500, each once.
        - `reason`: Optional. Why, for the audit log: one line of at most 200 characters. Refused where a value that
          is asked for, or a part of one, is in it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.RevealSecretsRequest, app=app, names=names, reason=reason)
        return RevealSecretsResponse.of(
            self._calls.unary(
                "/paas.secrets.v1.SecretsService/RevealSecrets",
                request,
                secrets_pb2.RevealSecretsResponse,
                repeatable=True,
                timeout=timeout,
            )
        )

    def reveal_environment(
        self, *, app: str, names: Iterable[str] = (), timeout: float | None = None
    ) -> RevealEnvironmentResponse:
        """Opens all sealed values of an app as a release would inject them, for a program on the caller's machine:
        secrets, what add-ons manage, and former values while their overlap runs. One audit event names them all and
        is committed before any value leaves. Config vars are config's to give (ConfigService.ListVars).

        Needs the permission `secrets.reveal`. Raises PaasError.

        - `app`: Required.
        - `names`: Optional. Open these alone, all of them or, if any is not there, none; empty is everything there
          is. A former value goes by its own name, `<name>_PREVIOUS`. At most 500.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.RevealEnvironmentRequest, app=app, names=names)
        return RevealEnvironmentResponse.of(
            self._calls.unary(
                "/paas.secrets.v1.SecretsService/RevealEnvironment",
                request,
                secrets_pb2.RevealEnvironmentResponse,
                repeatable=True,
                timeout=timeout,
            )
        )
