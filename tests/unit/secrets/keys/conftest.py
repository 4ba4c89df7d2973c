"""The fake Cloud KMS, and the provider that talks to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.secrets.keys.kms import KeyManagement
from services.secrets.keys.kms.gcp import open_cloud_kms
from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms


@pytest.fixture
def cloud() -> Iterator[FakeCloudKms]:
    """A Cloud KMS with an empty key ring."""
    with FakeCloudKms() as cloud:
        yield cloud


@pytest.fixture
async def gcp(cloud: FakeCloudKms) -> AsyncIterator[KeyManagement]:
    """The provider `gcp` on it."""
    kms = open_cloud_kms(KEY_RING, endpoint=cloud.endpoint, insecure=True)
    yield kms
    await kms.close()
