"""What is asked of Cloud KMS about a key, and its end: every version is destroyed, by schedule.

Leaves out what any provider does (`test_kms_contract`).
"""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from paaskit.errors import Unavailable
from services.secrets.keys.kms import KeyManagement, KeyName, tenant_key
from services.secrets.keys.kms.gcp import crypto_key_id
from tests.fakes.cloud_kms import DESTROYED_AFTER_SECONDS, KEY_RING, FakeCloudKms, Fault
from tests.fakes.cloud_kms.messages import CryptoKeyVersion

ACME = tenant_key("acme")
KEY = bytes(range(32))
RESOURCE = f"{KEY_RING}/cryptoKeys/{crypto_key_id(ACME)}"


async def nobody() -> list[KeyName]:
    return []


def states(cloud: FakeCloudKms) -> list[int]:
    """The states of the versions of acme's key."""
    return [version.state for version in cloud.keys.versions.values()]


async def with_versions(kms: KeyManagement, cloud: FakeCloudKms, count: int) -> None:
    """A key with so many versions, the last of which wraps."""
    await kms.wrap(ACME, KEY, context=b"c")
    for number in range(2, count + 1):
        cloud.ask("CreateCryptoKeyVersion", parent=RESOURCE)
        cloud.ask("UpdateCryptoKeyPrimaryVersion", name=RESOURCE, crypto_key_version_id=str(number))


async def test_a_key_is_described_by_its_resource_and_primary_version(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    described = await gcp.describe(ACME)
    assert (described.resource, described.primary_version) == (RESOURCE, "")
    assert cloud.keys.primary == {}, "asking makes no key"
    await with_versions(gcp, cloud, 3)
    assert (await gcp.describe(ACME)).primary_version == "3"


async def test_every_version_is_destroyed_whatever_page_it_is_on(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    await with_versions(gcp, cloud, 5)
    cloud.ask("DestroyCryptoKeyVersion", name=f"{RESOURCE}/cryptoKeyVersions/2")
    before = time.time()
    until = await gcp.destroy(ACME, others=nobody)
    assert states(cloud) == [CryptoKeyVersion.DESTROY_SCHEDULED] * 5
    assert until is not None
    assert until.tzinfo is UTC
    assert int(before) <= until.timestamp() - DESTROYED_AFTER_SECONDS <= time.time() + 1
    assert await gcp.destroy(ACME, others=nobody) == until, "again is no second time"


async def test_what_is_destroyed_for_good_can_not_be_restored(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    await with_versions(gcp, cloud, 2)
    for version in cloud.keys.versions.values():
        version.state = CryptoKeyVersion.DESTROYED
    assert await gcp.destroy(ACME, others=nobody) is None


async def test_no_other_key_is_destroyed(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    for tenant in ("acme", "globex"):
        await gcp.wrap(tenant_key(tenant), KEY, context=b"c")
    await gcp.destroy(ACME, others=nobody)
    assert states(cloud) == [CryptoKeyVersion.DESTROY_SCHEDULED, CryptoKeyVersion.ENABLED]


async def test_it_goes_on_where_it_was_stopped(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    await with_versions(gcp, cloud, 3)
    refused = grpc.StatusCode.INTERNAL
    with (
        cloud.wrong(Fault(method="DestroyCryptoKeyVersion", what="fails", status=refused)),
        pytest.raises(Unavailable),
    ):
        await gcp.destroy(ACME, others=nobody)
    cloud.ask("DestroyCryptoKeyVersion", name=f"{RESOURCE}/cryptoKeyVersions/1")
    assert await gcp.destroy(ACME, others=nobody) is not None
    assert set(states(cloud)) == {CryptoKeyVersion.DESTROY_SCHEDULED}


async def test_two_replicas_at_once_destroy_it(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    """Cloud KMS refuses to destroy what is destroyed already."""
    await with_versions(gcp, cloud, 3)
    first = f"{RESOURCE}/cryptoKeyVersions/1"

    def faster(_: Any) -> None:
        cloud.keys.destroy_crypto_key_version(CryptoKeyVersion(name=first))

    with cloud.wrong(Fault(method="DestroyCryptoKeyVersion", what="is asked late", asked=faster, times=1)):
        assert await gcp.destroy(ACME, others=nobody) is not None
    assert set(states(cloud)) == {CryptoKeyVersion.DESTROY_SCHEDULED}


def _name(name: str) -> Callable[[Any], None]:
    def change(answer: Any) -> None:
        versions = getattr(answer, "crypto_key_versions", None)
        (answer if versions is None else versions[0]).name = name

    return change


def _enabled(answer: Any) -> None:
    answer.state = CryptoKeyVersion.ENABLED


OTHER = f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key('globex'))}"
FAULTS = [
    *(
        Fault(method=method, what=f"fails with {status.name}", status=status)
        for method in ("GetCryptoKey", "ListCryptoKeyVersions", "DestroyCryptoKeyVersion")
        for status in (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL)
    ),
    *(
        Fault(method=method, what="is no message", garbled=True)
        for method in ("GetCryptoKey", "ListCryptoKeyVersions", "DestroyCryptoKeyVersion")
    ),
    Fault(method="GetCryptoKey", what="answers for another key", answered=_name(OTHER)),
    Fault(
        method="ListCryptoKeyVersions",
        what="answers with another key's",
        answered=_name(f"{OTHER}/cryptoKeyVersions/1"),
    ),
    Fault(method="DestroyCryptoKeyVersion", what="answers that it did not", answered=_enabled),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_whatever_goes_wrong_is_told_and_not_believed(
    gcp: KeyManagement, cloud: FakeCloudKms, fault: Fault
) -> None:
    await with_versions(gcp, cloud, 3)
    await gcp.wrap(tenant_key("globex"), KEY, context=b"c")
    asks = fault.method == "GetCryptoKey"
    call: Awaitable[object] = gcp.describe(ACME) if asks else gcp.destroy(ACME, others=nobody)
    with cloud.wrong(fault), pytest.raises(Unavailable):
        await call
    assert states(cloud)[-1] == CryptoKeyVersion.ENABLED
    assert (await gcp.destroy(ACME, others=nobody) or datetime.now(UTC)) > datetime.now(UTC)
    assert states(cloud)[:3] == [CryptoKeyVersion.DESTROY_SCHEDULED] * 3
