"""One contract for whatever keeps keys: both providers, `gcp` on a fake Cloud KMS, and the fake of other tests."""

import base64
import itertools
import os
from pathlib import Path

import pytest

from paaskit.db.open_transaction import noted
from paaskit.errors import Internal, Unavailable
from services.secrets.keys.kms import (
    DATABASE_CHECK,
    KeyManagement,
    KeyName,
    KmsSettings,
    UnwrapError,
    open_key_management,
)
from services.secrets.keys.kms import tenant_key as of
from services.secrets.keys.kms.gcp import crypto_key_id
from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms
from tests.fakes.kms import FakeKms

ACME = of("acme")
KEY = bytes(range(32))


class Provider:
    """A KMS, and how a second process gets to the same keys."""

    def __init__(self, kind: str, cloud: FakeCloudKms, folder: Path) -> None:
        self._kind, self._cloud = kind, cloud
        self._key_file = key_file = folder / "kms.key"
        key_file.write_text(_random())
        self._settings = {
            "local": KmsSettings(provider="local", key_file=key_file, environment="local"),
            "gcp": KmsSettings(provider="gcp", key_ring=KEY_RING, endpoint=cloud.endpoint, environment="local"),
        }.get(kind)
        self._fake = FakeKms()

    def new_primary_version(self, name: KeyName) -> None:
        """What happens by schedule in a KMS, and by hand in a key file: another version wraps from now on."""
        if self._kind == "fake":
            self._fake.new_primary_version(name)
        elif self._kind == "gcp":
            key = f"{KEY_RING}/cryptoKeys/{crypto_key_id(name)}"
            made = self._cloud.ask("CreateCryptoKeyVersion", parent=key).name.rpartition("/")[2]
            self._cloud.ask("UpdateCryptoKeyPrimaryVersion", name=key, crypto_key_version_id=made)
        else:
            keys = self._key_file.read_text().split("\n")
            self._key_file.write_text("\n".join([_random(), f"former {keys[0]}", *keys[1:]]))

    def open(self) -> KeyManagement:
        """Open it as a process does when it starts."""
        return self._fake if self._settings is None else open_key_management(self._settings)


async def nobody() -> list[KeyName]:
    """No other key is in use."""
    return []


def _random() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(params=["fake", "local", "gcp"])
def provider(request: pytest.FixtureRequest, cloud: FakeCloudKms, tmp_path: Path) -> Provider:
    """Each there is."""
    return Provider(request.param, cloud, tmp_path)


@pytest.fixture
async def kms(provider: Provider) -> KeyManagement:
    """Opened once, in the loop that it is used in."""
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
        with pytest.raises(Internal):
            await kms.is_current(ACME, wrapped, context=b"c")
        with pytest.raises(Internal):
            await kms.describe(ACME)
        with pytest.raises(Internal):
            await kms.destroy(ACME, others=nobody)
    assert cloud.calls.total() == before
    assert await kms.unwrap(ACME, wrapped, context=b"c") == KEY


async def test_what_another_version_wrapped_unwraps_and_is_not_current(provider: Provider) -> None:
    kms = provider.open()
    old = await kms.wrap(ACME, KEY, context=b"c")
    before = await kms.describe(ACME)
    assert await kms.is_current(ACME, old, context=b"c")
    provider.new_primary_version(ACME)
    after = await kms.describe(ACME)
    assert after.resource == before.resource
    assert after.primary_version not in ("", before.primary_version)
    assert not await kms.is_current(ACME, old, context=b"c")
    new = await kms.wrap(ACME, KEY, context=b"c")
    assert await kms.is_current(ACME, new, context=b"c")
    assert [await kms.unwrap(ACME, each, context=b"c") for each in (old, new)] == [KEY, KEY]
    for wrong in ((of("globex"), old, b"c"), (ACME, old, b"d"), (ACME, b"", b"c")):
        with pytest.raises(UnwrapError):
            await kms.is_current(wrong[0], wrong[1], context=wrong[2])
    await kms.close()


async def test_a_key_that_never_was_has_a_name_and_can_be_destroyed(provider: Provider) -> None:
    kms = provider.open()
    assert (await kms.describe(of("nobody"))).resource
    assert await kms.destroy(of("nobody"), others=nobody) is None
    await kms.close()


async def test_a_key_that_was_destroyed_does_nothing_any_more_and_the_others_do(provider: Provider) -> None:
    kms, second = provider.open(), provider.open()
    names = [ACME, of("globex"), of("initech"), DATABASE_CHECK]
    wrapped = {name: [await kms.wrap(name, KEY, context=b"c")] for name in names}
    for name in names:
        provider.new_primary_version(name)
        wrapped[name].append(await kms.wrap(name, KEY, context=b"c"))

    async def others() -> list[KeyName]:
        return names[1:]

    await kms.destroy(ACME, others=others)
    await second.destroy(ACME, others=others)
    for process in (kms, second, provider.open()):
        for each in wrapped[ACME]:
            with pytest.raises((UnwrapError, Unavailable)):
                await process.unwrap(ACME, each, context=b"c")
        with pytest.raises(Unavailable):
            await process.wrap(ACME, KEY, context=b"c")
        assert (await process.describe(ACME)).primary_version == ""
        for name in names[1:]:
            assert [await process.unwrap(name, each, context=b"c") for each in wrapped[name]] == [KEY, KEY]
            again = await process.wrap(name, KEY, context=b"c")
            assert await process.is_current(name, again, context=b"c")
