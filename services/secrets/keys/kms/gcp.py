"""The provider `gcp`: a key for each tenant in a key ring of Google Cloud KMS. The only file that talks to it.

Every call has a deadline; only UNAVAILABLE is tried again. What is sent has its CRC32C, and an answer is believed only
where Google says that it verified that, and where it fits its own checksum and the key that was asked
(https://cloud.google.com/kms/docs/data-integrity-guidelines). Of an error, the status and the machine's reason are
kept; its text is Google's and names what it likes.
"""

import asyncio
import hashlib
import logging
import re
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar

import google.auth
import google_crc32c
import grpc
import structlog
from google.api_core.exceptions import GoogleAPICallError, GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import kms_v1
from google.cloud.kms_v1.services.key_management_service.transports import KeyManagementServiceGrpcAsyncIOTransport

from paaskit.db import refuse_in_transaction
from paaskit.errors import Unavailable
from paaskit.metrics.measured import KEY_SERVICE_CALLS
from paaskit.settings import SettingsError
from services.secrets.keys.kms.protocol import (
    SERVICE,
    KeyName,
    KeyRingMissingError,
    KmsKey,
    Others,
    UnwrapError,
    unavailable,
    wrong_answer,
)

log = structlog.get_logger()

DEADLINE_SECONDS: Final = 3.0
"""Of whatever is asked of this, whatever calls, attempts and pauses it takes: less than callers of secrets wait."""
_ATTEMPTS: Final = 4
_FIRST_PAUSE_SECONDS: Final = 0.1
_SCOPES: Final = ("https://www.googleapis.com/auth/cloudkms",)
_REASON: Final = re.compile(r"[A-Z][A-Z0-9_]{0,62}\Z")
_OPTIONS: Final[list[tuple[str, Any]]] = [
    ("grpc.enable_retries", 0),
    # A KMS that comes back is found again within a second, as in `paaskit.channels`.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2000),
    ("grpc.max_reconnect_backoff_ms", 1000),
]
_LIBRARY: Final = "google"
_VersionState: Final = kms_v1.CryptoKeyVersion.CryptoKeyVersionState
_GOING: Final = {_VersionState.DESTROYED, _VersionState.DESTROY_SCHEDULED}

_Request_contra = TypeVar("_Request_contra", contravariant=True)
_Answer_co = TypeVar("_Answer_co", covariant=True)
_Request = TypeVar("_Request")
_Answer = TypeVar("_Answer")


class _Method(Protocol[_Request_contra, _Answer_co]):
    """A method of Google's client."""

    def __call__(self, request: _Request_contra, *, retry: None, timeout: float) -> Awaitable[_Answer_co]: ...


class _RefusedError(Exception):
    """The call `what` failed for good, with this status and Google's word for the reason."""

    def __init__(self, what: str, status: grpc.StatusCode, reason: str) -> None:
        super().__init__(what, status.name, reason)
        self.what, self.status, self.reason = what, status, reason

    def log(self) -> None:
        """Say so to whoever runs this."""
        log.warning("kms_failed", what=self.what, status=self.status.name, reason=self.reason)


class CloudKeyManagement:
    """See KeyManagement. `key_ring` is the resource name of a key ring, of which this installation is the only user."""

    def __init__(
        self,
        client: kms_v1.KeyManagementServiceAsyncClient,
        key_ring: str,
        *,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._client = client
        self._key_ring = key_ring
        self._deadline = deadline

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        end = self._end()
        try:
            try:
                return await self._encrypt(name, key, context, end)
            except _RefusedError as refused:
                if refused.status is not grpc.StatusCode.NOT_FOUND:
                    raise
            await self._create(name, end)
            return await self._encrypt(name, key, context, end)
        except _RefusedError as refused:
            raise _unavailable(refused) from None

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        return (await self._decrypt(name, wrapped, context)).plaintext

    async def is_current(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bool:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        return (await self._decrypt(name, wrapped, context)).used_primary

    async def describe(self, name: KeyName) -> KmsKey:
        """See KeyManagement."""
        refuse_in_transaction(SERVICE)
        resource = self._resource(name)
        request = kms_v1.GetCryptoKeyRequest(name=resource)
        try:
            answer = await self._ask("GetCryptoKey", self._client.get_crypto_key, request, self._end())
        except _RefusedError as refused:
            if refused.status is grpc.StatusCode.NOT_FOUND:
                return KmsKey(resource, "")
            raise _unavailable(refused) from None
        if answer.name != resource:
            raise wrong_answer("name")
        wraps = answer.primary.state is _VersionState.ENABLED
        return KmsKey(resource, answer.primary.name.rpartition("/")[2] if wraps else "")

    async def destroy(self, name: KeyName, *, others: Others) -> datetime | None:  # noqa: ARG002  # keys stand alone here
        """See KeyManagement. Cloud KMS destroys a version some time later (30 days by default), in which it can be
        restored; it wraps and unwraps nothing from now on.
        """
        refuse_in_transaction(SERVICE)
        end = self._end()
        try:
            try:
                ends = await self._destroy_all(name, end)
            except _RefusedError as refused:
                if refused.status is not grpc.StatusCode.FAILED_PRECONDITION:
                    raise
                # Another replica is at it as well, and was faster with a version.
                ends = await self._destroy_all(name, end)
        except _RefusedError as refused:
            raise _unavailable(refused) from None
        return max((each for each in ends if each is not None), default=None)

    async def close(self) -> None:
        """See KeyManagement."""
        await self._client.transport.close()  # type: ignore[no-untyped-call]  # it has no annotations

    async def _decrypt(self, name: KeyName, wrapped: bytes, context: bytes) -> kms_v1.DecryptResponse:
        request = kms_v1.DecryptRequest(
            name=self._resource(name),
            ciphertext=wrapped,
            ciphertext_crc32c=_crc32c(wrapped),
            additional_authenticated_data=context,
            additional_authenticated_data_crc32c=_crc32c(context),
        )
        try:
            answer = await self._ask("Decrypt", self._client.decrypt, request, self._end())
        except _RefusedError as refused:
            if refused.status in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND}:
                refused.log()
                raise UnwrapError from None
            raise _unavailable(refused) from None
        if answer.plaintext_crc32c != _crc32c(answer.plaintext):
            raise wrong_answer("plaintext_crc32c")
        return answer

    async def _versions(self, name: KeyName, end: float) -> list[kms_v1.CryptoKeyVersion]:
        """Return all versions of a key; none of one that never was."""
        resource, found, page_token = self._resource(name), list[kms_v1.CryptoKeyVersion](), ""
        while True:
            request = kms_v1.ListCryptoKeyVersionsRequest(parent=resource, page_size=100, page_token=page_token)
            try:
                page = await self._ask("ListCryptoKeyVersions", self._list_versions, request, end)
            except _RefusedError as refused:
                if refused.status is grpc.StatusCode.NOT_FOUND:
                    return []
                raise
            for version in page.crypto_key_versions:
                if not version.name.startswith(f"{resource}/cryptoKeyVersions/"):
                    raise wrong_answer("name")
                found.append(version)
            page_token = page.next_page_token
            if not page_token:
                return found

    async def _destroy_all(self, name: KeyName, end: float) -> list[datetime | None]:
        return [await self._destroy(version, end) for version in await self._versions(name, end)]

    async def _destroy(self, version: kms_v1.CryptoKeyVersion, end: float) -> datetime | None:
        """Destroy a version that isn't destroyed already; return when it is gone for good, None if it is."""
        if version.state is _VersionState.DESTROYED:
            return None
        if version.state is not _VersionState.DESTROY_SCHEDULED:
            request = kms_v1.DestroyCryptoKeyVersionRequest(name=version.name)
            version = await self._ask("DestroyCryptoKeyVersion", self._client.destroy_crypto_key_version, request, end)
            if version.state not in _GOING:
                raise wrong_answer("state")
        return _destroyed_for_good_at(version)

    async def _list_versions(
        self,
        request: kms_v1.ListCryptoKeyVersionsRequest,
        *,
        retry: None,
        timeout: float,  # noqa: ASYNC109  # as Google's own methods are called
    ) -> kms_v1.ListCryptoKeyVersionsResponse:
        """One page as it came, without what the client makes of pages: it would ask for the next by itself."""
        pages = await self._client.list_crypto_key_versions(request, retry=retry, timeout=timeout)
        first: kms_v1.ListCryptoKeyVersionsResponse | None = await anext(aiter(pages.pages))
        if first is None:
            raise wrong_answer("message")
        return first

    async def _encrypt(self, name: KeyName, key: bytes, context: bytes, end: float) -> bytes:
        resource = self._resource(name)
        request = kms_v1.EncryptRequest(
            name=resource,
            plaintext=key,
            plaintext_crc32c=_crc32c(key),
            additional_authenticated_data=context,
            additional_authenticated_data_crc32c=_crc32c(context),
        )
        answer = await self._ask("Encrypt", self._client.encrypt, request, end)
        if not answer.name.startswith(f"{resource}/cryptoKeyVersions/"):
            raise wrong_answer("name")
        if not answer.verified_plaintext_crc32c:
            raise wrong_answer("verified_plaintext_crc32c")
        if not answer.verified_additional_authenticated_data_crc32c:
            raise wrong_answer("verified_additional_authenticated_data_crc32c")
        if answer.ciphertext_crc32c != _crc32c(answer.ciphertext):
            raise wrong_answer("ciphertext_crc32c")
        if key in answer.ciphertext:
            raise wrong_answer("ciphertext")
        return answer.ciphertext

    async def _create(self, name: KeyName, end: float) -> None:
        """Make a key. Another replica may be first; then the key is there, which is all that is wanted."""
        parent, _, crypto_key_id = self._resource(name).rpartition("/cryptoKeys/")
        request = kms_v1.CreateCryptoKeyRequest(
            parent=parent,
            crypto_key_id=crypto_key_id,
            crypto_key=kms_v1.CryptoKey(purpose=kms_v1.CryptoKey.CryptoKeyPurpose.ENCRYPT_DECRYPT),
        )
        try:
            answer = await self._ask("CreateCryptoKey", self._client.create_crypto_key, request, end)
        except _RefusedError as refused:
            if refused.status is grpc.StatusCode.ALREADY_EXISTS:
                return
            if refused.status is grpc.StatusCode.NOT_FOUND:
                refused.log()
                raise unavailable("KMS_NO_KEY_RING", KeyRingMissingError) from None
            raise
        if answer.name != self._resource(name):
            raise wrong_answer("name")

    async def _ask(self, what: str, method: _Method[_Request, _Answer], request: _Request, end: float) -> _Answer:
        """Call `method`, at `end` of the event loop's time the latest, again while it is UNAVAILABLE.

        Raises _RefusedError, and Unavailable where what comes back is no answer.
        """
        now = asyncio.get_running_loop().time
        for attempt in range(_ATTEMPTS):
            try:
                answer = await method(request, retry=None, timeout=max(end - now(), 0.001))
            except (GoogleAPIError, GoogleAuthError, grpc.RpcError) as error:
                status, reason = _status_of(error), _reason_of(error)
                KEY_SERVICE_CALLS.labels(method=what, code=status.name).inc()
            else:
                KEY_SERVICE_CALLS.labels(method=what, code="OK").inc()
                if answer is None:
                    # What grpc gives for bytes that are no message.
                    raise wrong_answer("message")
                return answer
            pause = _FIRST_PAUSE_SECONDS * 2**attempt
            last = attempt == _ATTEMPTS - 1 or now() + pause >= end
            if status is not grpc.StatusCode.UNAVAILABLE or last:
                break
            await asyncio.sleep(pause)
        raise _RefusedError(what, status, reason)

    def _end(self) -> float:
        return asyncio.get_running_loop().time() + self._deadline

    def _resource(self, name: KeyName) -> str:
        return f"{self._key_ring}/cryptoKeys/{crypto_key_id(name)}"


def crypto_key_id(name: KeyName) -> str:
    """Return what a key is called in its key ring: of [a-zA-Z0-9_-], at most 63 characters, another one for each name.

    A tenant's is `tenant-` and SHA-224 of its name in hex, which fits exactly: names of tenants may be longer, and have
    other characters.
    """
    if name.kind == "tenant":
        return f"tenant-{hashlib.sha224(name.tenant.encode()).hexdigest()}"
    return name.kind


def open_cloud_kms(
    key_ring: str, *, endpoint: str, insecure: bool, deadline: float = DEADLINE_SECONDS
) -> CloudKeyManagement:
    """Return the provider for a key ring. `insecure` is without TLS and credentials, for a fake on this machine.

    Raises SettingsError where this process has no credentials of Google's.
    """
    _silence_library()
    if insecure:
        options = [*_OPTIONS, ("grpc.enable_http_proxy", 0)]
        channel = grpc.aio.insecure_channel(endpoint, options=options)
    else:
        try:
            credentials, _ = google.auth.default(scopes=_SCOPES)
        except GoogleAuthError:
            raise SettingsError(
                "PAAS_KMS_PROVIDER: gcp needs credentials of Google's, from workload identity or a file that "
                "GOOGLE_APPLICATION_CREDENTIALS names, and there are none."
            ) from None
        channel = KeyManagementServiceGrpcAsyncIOTransport.create_channel(
            endpoint, credentials=credentials, options=_OPTIONS
        )
    transport = KeyManagementServiceGrpcAsyncIOTransport(channel=channel, host=endpoint)
    client = kms_v1.KeyManagementServiceAsyncClient(transport=transport)
    return CloudKeyManagement(client, key_ring, deadline=deadline)


def _silence_library() -> None:
    """Keep Google's libraries from logging below a warning, whatever GOOGLE_SDK_PYTHON_LOGGING_SCOPE asks for.

    Their client has a debug log of whole requests and answers: tenants' keys in the clear. Called before there is a
    client, which leaves loggers alone that have a level.
    """
    known = [each for each in logging.Logger.manager.loggerDict if each.partition(".")[0] == _LIBRARY]
    for each in {_LIBRARY, *known}:
        logger = logging.getLogger(each)
        logger.setLevel(logging.WARNING)
        logger.handlers.clear()
        logger.propagate = True


def _crc32c(data: bytes) -> int:
    return int(google_crc32c.value(data))


def _destroyed_for_good_at(version: kms_v1.CryptoKeyVersion) -> datetime | None:
    # The type says Timestamp; what the library gives is a datetime with nanoseconds, or None.
    moment: Any = version.destroy_time
    return None if moment is None else datetime.fromtimestamp(moment.timestamp(), UTC)


def _status_of(error: Exception) -> grpc.StatusCode:
    status = error.grpc_status_code if isinstance(error, GoogleAPICallError) else None
    if isinstance(error, GoogleAuthError):
        return grpc.StatusCode.UNAUTHENTICATED
    return status if isinstance(status, grpc.StatusCode) else grpc.StatusCode.UNKNOWN


def _reason_of(error: Exception) -> str:
    """Return the machine's word for an error, or nothing where it is no word."""
    reason = error.reason if isinstance(error, GoogleAPICallError) else None
    return reason if isinstance(reason, str) and _REASON.match(reason) else ""


def _unavailable(refused: _RefusedError) -> Unavailable:
    refused.log()
    busy = refused.status is grpc.StatusCode.RESOURCE_EXHAUSTED
    return unavailable("BUSY" if busy else f"KMS_{refused.status.name}")
