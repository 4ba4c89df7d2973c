"""Calls of KeysService.

Generated from the contracts by `make gen`; don't edit it.
"""

from __future__ import annotations

from paas.secrets.v1 import secrets_pb2

from paas_client.calls import Calls
from paas_client.requests import built


class KeysService:
    """The keys of a tenant's secrets, for its admins, through the gateway. They are of all its apps: a token that
    is limited to some of them may call none of these.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def get_keys(self, *, timeout: float | None = None) -> secrets_pb2.GetKeysResponse:
        """Says how the tenant's keys stand: numbers, names and times.

        Needs the permission `keys.manage`. Raises PaasError.

        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.GetKeysRequest)
        return self._calls.unary(
            "/paas.secrets.v1.KeysService/GetKeys",
            request,
            secrets_pb2.GetKeysResponse,
            repeatable=True,
            timeout=timeout,
        )

    def rotate_keys(
        self, *, request_id: str | None = None, timeout: float | None = None
    ) -> secrets_pb2.RotateKeysResponse:
        """Makes a new key, which seals from now on; what older ones sealed is sealed anew in the background.

        Needs the permission `keys.manage`. Raises PaasError.

        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.RotateKeysRequest, request_id=self._calls.request_id(request_id))
        return self._calls.unary(
            "/paas.secrets.v1.KeysService/RotateKeys",
            request,
            secrets_pb2.RotateKeysResponse,
            repeatable=True,
            timeout=timeout,
        )

    def shred_keys(
        self, *, confirm: str, request_id: str | None = None, timeout: float | None = None
    ) -> secrets_pb2.ShredKeysResponse:
        """Destroys all keys, and with them every secret, for good.

        Needs the permission `keys.manage`. Raises PaasError.

        - `confirm`: Required. The name of the tenant, exactly.
        - `request_id`: Optional. Chosen by you, to send the same again where the outcome is not known: it has its
          effect once. Made where it is left out, and kept over retries; an error has it.
        - `timeout`: Optional. Seconds for each try; the client's where it is left out.
        """
        request = built(secrets_pb2.ShredKeysRequest, confirm=confirm, request_id=self._calls.request_id(request_id))
        return self._calls.unary(
            "/paas.secrets.v1.KeysService/ShredKeys",
            request,
            secrets_pb2.ShredKeysResponse,
            repeatable=True,
            timeout=timeout,
        )
