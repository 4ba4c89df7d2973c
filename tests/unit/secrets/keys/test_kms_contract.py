"""One contract for whatever keeps keys: both providers, `gcp` on a fake Cloud KMS, and the fake of other tests."""

import base64
import itertools
import os
from pathlib import Path

import pytest

from paaskit.db.open_transaction import noted
from paaskit.errors import Internal
from services.secrets.keys.kms import DATABASE_CHECK, KeyManagement, KmsSettings, UnwrapError, open_key_management
from services.secrets.keys.kms import tenant_key as of
from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms
from tests.fakes.kms import FakeKms

ACME = of("acme")
KEY = bytes(range(32))


class Provider:
    """A KMS, and how a second process gets to the same keys."""

    def __init__(self, kind: str, cloud: FakeCloudKms, folder: Path) -> None:
        key_file = folder / "kms.key"
        key_file.write_bytes(base64.b64encode(os.urandom(32)))
        self._settings = {
            "local": KmsSettings(provider="local", key_file=key_file, environment="local"),
            "gcp": KmsSettings(provider="gcp", key_ring=KEY_RING, endpoint=cloud.endpoint, environment="local"),
        }.get(kind)
        self._fake = FakeKms()

    def open(self) -> KeyManagement:
        """Open it as a process does when it starts."""
        return self._fake if self._settings is None else open_key_management(self._settings)


@pytest.fixture(params=["fake", "local", "gcp"])
def provider(request: pytest.FixtureRequest, cloud: FakeCloudKms, tmp_path: Path) -> Provider:
    """Each there is."""
    return Provider(request.param, cloud, tmp_path)


@pytest.fixture
def kms(provider: Provider) -> KeyManagement:
    """Opened once."""
    return provider.open()


async def test_what_was_wrapped_unwraps(kms: KeyManagement) -> None:
    for name in (ACME, DATABASE_CHECK, of(""), of("-"), of("Ünï /..\n" * 40)):
        wrapped = await kms.wrap(name, KEY, context=b"c")
        assert await kms.unwrap(name, wrapped, context=b"c") == KEY
        assert KEY[:8] not in wrapped


async def test_wrapping_twice_gives_two(kms: KeyManagement) -> None:
    wrapped = [await kms.wrap(ACME, KEY, context=b"c") for _ in range(2)]
    assert wrapped[0] != wrapped[1]
    assert [await kms.unwrap(ACME, each, context=b"c") for each in wrapped] == [KEY, KEY]


async def test_it_unwraps_for_its_key_and_context_alone(kms: KeyManagement) -> None:
    names = [ACME, of("globex"), of(""), of("database-check"), of("-"), DATABASE_CHECK]
    wrapped = {name: await kms.wrap(name, KEY, context=b"c") for name in names}
    for name, other in itertools.permutations(names, 2):
        with pytest.raises(UnwrapError):
            await kms.unwrap(other, wrapped[name], context=b"c")
    for context in (b"d", b"", b"c\0"):
        with pytest.raises(UnwrapError):
            await kms.unwrap(ACME, wrapped[ACME], context=context)


async def test_a_key_that_never_was_unwraps_nothing(kms: KeyManagement) -> None:
    wrapped = await kms.wrap(ACME, KEY, context=b"c")
    with pytest.raises(UnwrapError):
        await kms.unwrap(of("nobody"), wrapped, context=b"c")


async def test_what_was_changed_does_not_unwrap_and_says_always_the_same(kms: KeyManagement) -> None:
    wrapped = await kms.wrap(ACME, KEY, context=b"c")
    changed = [wrapped[:place] + bytes([wrapped[place] ^ 1]) + wrapped[place + 1 :] for place in range(len(wrapped))]
    texts = set()
    for each in [*changed, b"", wrapped[:-1], wrapped + b"\0", b"\0" * 11]:
        with pytest.raises(UnwrapError) as caught:
            await kms.unwrap(ACME, each, context=b"c")
        texts.add(str(caught.value))
        assert caught.value.__cause__ is None
    assert texts == {"the wrapped key was not made with this key for this context"}


async def test_another_process_has_the_same_keys(provider: Provider) -> None:
    wrapped = await provider.open().wrap(ACME, KEY, context=b"c")
    again = provider.open()
    assert await again.unwrap(ACME, wrapped, context=b"c") == KEY
    await again.close()


async def test_neither_is_done_while_a_transaction_is_open(kms: KeyManagement, cloud: FakeCloudKms) -> None:
    wrapped = await kms.wrap(ACME, KEY, context=b"c")
    before = cloud.calls.total()
    with noted():
        with pytest.raises(Internal):
            await kms.wrap(ACME, KEY, context=b"c")
        with pytest.raises(Internal):
            await kms.unwrap(ACME, wrapped, context=b"c")
    assert cloud.calls.total() == before
    assert await kms.unwrap(ACME, wrapped, context=b"c") == KEY
