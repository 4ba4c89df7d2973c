"""Calls of SecretsService that need `secrets.write`.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from paas.secrets.v1 import secrets_pb2

from paas_client.calls import Calls
from paas_client.requests import built


class WriteCalls:
    """Calls of SecretsService that need `secrets.write`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def set_secrets(
        self,
        *,
        app: str,
        secrets: Mapping[str, str] | Iterable[secrets_pb2.SecretAssignment],
        stage: bool = False,
        validate_only: bool = False,
        expiry: secrets_pb2.Expiry | None = None,
        rotate_every: timedelta | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> secrets_pb2.SetSecretsResponse:
        """Sets secrets: all of them or, if any is refused, none. Requests one release.

        Needs the permission `secrets.write`. Raises PaasError.

        - `app`: Required.
        - `secrets`: Required. 1 to 500, each name once.
        - `stage`: Optional. Put the change into the app's draft instead of releasing it.
        - `validate_only`: Optional. Say what would be set, and change nothing. Whether a value differs from the one
          that is stored is not told: that would be a way to guess it.
        - `expiry`: Optional. The end of all these values. Without it a new value has none, and one that is stored
          already keeps its own.
        - `rotate_every`: Optional. How often they are to be rotated: an hour to 3660 days; 0 is that nobody says.
          Unset is as before.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            secrets_pb2.SetSecretsRequest,
            app=app,
            secrets=secrets,
            stage=stage,
            validate_only=validate_only,
            expiry=expiry,
            rotate_every=rotate_every,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.secrets.v1.SecretsService/SetSecrets",
            request,
            secrets_pb2.SetSecretsResponse,
            repeatable=True,
            timeout=timeout,
        )

    def rotate_secret(
        self,
        *,
        app: str,
        name: str,
        random: secrets_pb2.RandomValue | None = None,
        value: str | None = None,
        overlap: timedelta | None = None,
        stage: bool = False,
        expiry: secrets_pb2.Expiry | None = None,
        rotate_every: timedelta | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> secrets_pb2.RotateSecretResponse:
        """Gives an existing secret a new value, random or given, and requests a release.

        Needs the permission `secrets.write`. Raises PaasError.

        - `app`: Required.
        - `name`: Required. A secret that exists.
        - `random`: Required. Where the new value comes from.
        - `value`: Required. Where the new value comes from. At most 131072 bytes.
        - `overlap`: Optional. For how long the old value is injected as `<name>_PREVIOUS`; at most 30 days. Counts
          from when the change is live.
        - `stage`: Optional. Put the change into the app's draft instead of releasing it.
        - `expiry`: Optional. The end of the new value. Without it, it is good for as long as the old one was to be
          where that was said as a span, and has no end otherwise.
        - `rotate_every`: Optional. How often they are to be rotated: an hour to 3660 days; 0 is that nobody says.
          Unset is as before.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            secrets_pb2.RotateSecretRequest,
            app=app,
            name=name,
            random=random,
            value=value,
            overlap=overlap,
            stage=stage,
            expiry=expiry,
            rotate_every=rotate_every,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.secrets.v1.SecretsService/RotateSecret",
            request,
            secrets_pb2.RotateSecretResponse,
            repeatable=True,
            timeout=timeout,
        )

    def unset_secrets(
        self,
        *,
        app: str,
        names: Iterable[str],
        ignore_missing: bool = False,
        stage: bool = False,
        validate_only: bool = False,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> secrets_pb2.UnsetSecretsResponse:
        """Unsets secrets: all of them or none. Requests one release.

        Needs the permission `secrets.write`. Raises PaasError.

        - `app`: Required.
        - `names`: Required. 1 to 500, each once.
        - `ignore_missing`: Optional. Pass over names that are not set.
        - `stage`: Optional. Put the change into the app's draft instead of releasing it.
        - `validate_only`: Optional. Say what would change, and change nothing.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            secrets_pb2.UnsetSecretsRequest,
            app=app,
            names=names,
            ignore_missing=ignore_missing,
            stage=stage,
            validate_only=validate_only,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.secrets.v1.SecretsService/UnsetSecrets",
            request,
            secrets_pb2.UnsetSecretsResponse,
            repeatable=True,
            timeout=timeout,
        )

    def discard_staged(
        self, *, app: str, names: Iterable[str] = (), request_id: str | None = None, timeout: float | None = None
    ) -> secrets_pb2.DiscardStagedResponse:
        """Drops staged changes of secrets. What is live stays as it is.

        Needs the permission `secrets.write`. Raises PaasError.

        - `app`: Required.
        - `names`: Optional. The names whose staged change is dropped; empty is every one that is staged now. At
          most 1000.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            secrets_pb2.DiscardStagedRequest, app=app, names=names, request_id=self._calls.request_id(request_id)
        )
        return self._calls.unary(
            "/paas.secrets.v1.SecretsService/DiscardStaged",
            request,
            secrets_pb2.DiscardStagedResponse,
            repeatable=True,
            timeout=timeout,
        )

    def expire_secret(
        self,
        *,
        app: str,
        name: str,
        expiry: secrets_pb2.Expiry | None = None,
        rotate_every: timedelta | None = None,
        request_id: str | None = None,
        timeout: float | None = None,
    ) -> secrets_pb2.ExpireSecretResponse:
        """Says until when a secret's value is to be replaced, or how often, without another value. Nothing is
        released: what the app is given stays what it is.

        Needs the permission `secrets.write`. Raises PaasError.

        - `app`: Required.
        - `name`: Required. A secret that is live.
        - `expiry`: Optional. The end; a span counts from now. This or `rotate_every` has to be said.
        - `rotate_every`: Optional. How often it is to be rotated, counted from when the value was stored: an hour
          to 3660 days; 0 is that nobody says. Unset is as before.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(
            secrets_pb2.ExpireSecretRequest,
            app=app,
            name=name,
            expiry=expiry,
            rotate_every=rotate_every,
            request_id=self._calls.request_id(request_id),
        )
        return self._calls.unary(
            "/paas.secrets.v1.SecretsService/ExpireSecret",
            request,
            secrets_pb2.ExpireSecretResponse,
            repeatable=True,
            timeout=timeout,
        )
