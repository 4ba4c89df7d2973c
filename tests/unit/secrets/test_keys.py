"""Tenants' keys and the KMS behind them.

Covers: one contract for the fake KMS and the local provider, the key ring's cache, a KMS that is away, replicas that
race, and where the local provider refuses to start. Leaves out the SQL.
"""

import asyncio
import base64
import hashlib
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from paaskit.clock import utc_now
from paaskit.db.open_transaction import noted
from paaskit.errors import Internal, Unavailable
from paaskit.redact import Plaintext
from paaskit.settings import SettingsError
from services.secrets.keys.envelope import OpenError, TenantKey
from services.secrets.keys.keyring import Keyring, WrappedKey, key_context
from services.secrets.keys.kms import KeyManagement, LocalKeyManagement, UnwrapError, open_key_management
from services.secrets.keys.kms_check import KmsCheck, WrongKeyError
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys
from tests.fakes.clock import FakeClock
from tests.fakes.kms import FakeKms, RightKms
from tests.fixtures.waiting import until


class FakeKeyStore:
    """Implements `services.secrets.keys.keyring.KeyStore`."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[int, WrappedKey]] = {}
        self.reads = 0

    async def wrapped_keys(self, tenant: str) -> Sequence[WrappedKey]:
        self.reads += 1
        await asyncio.sleep(0)
        return sorted(self.keys.get(tenant, {}).values(), key=lambda key: -key.generation)

    async def add_key(self, tenant: str, key: WrappedKey) -> None:
        await asyncio.sleep(0)
        self.keys.setdefault(tenant, {}).setdefault(key.generation, key)


class WrongKms:
    """Implements `services.secrets.keys.keyring.KeyCheck`: the KMS is never the right one."""

    async def confirm(self) -> None:
        raise WrongKeyError("other keys")


class NoProof:
    """Implements `services.secrets.keys.kms_check.ProofStore`: nothing was wrapped yet."""

    async def proof(self) -> bytes | None:
        return None

    async def keep_proof(self, wrapped: bytes) -> None:
        return


class Bench:
    """A key ring with everything around it."""

    def __init__(self) -> None:
        self.store, self.kms, self.clock = FakeKeyStore(), FakeKms(), FakeClock()
        self.ring = self.replica()

    def replica(self) -> Keyring:
        """Another key ring on the same store and KMS."""
        return Keyring(self.store, self.kms, check=RightKms(), clock=self.clock)

    async def newest(self, tenant: str) -> TenantKey:
        """The key that seals."""
        return (await self.ring.keys(tenant)).newest

    async def generation(self, tenant: str, generation: int) -> TenantKey:
        """The key of one generation."""
        return (await self.ring.keys_for(tenant, [generation])).by_generation[generation]

    async def rotate(self, tenant: str, generation: int) -> None:
        """Add a key of a newer generation."""
        context = key_context(tenant, generation)
        wrapped = await self.kms.wrap(tenant, os.urandom(32), context=context)
        await self.store.add_key(tenant, WrappedKey(generation, wrapped))


@pytest.fixture
def bench() -> Bench:
    """A bench of its own for each test."""
    return Bench()


@pytest.fixture(params=["fake", "local"])
def kms(request: pytest.FixtureRequest, tmp_path: Path) -> KeyManagement:
    """Each KMS there is."""
    return FakeKms() if request.param == "fake" else LocalKeyManagement(_key_file(tmp_path))


def _key_file(folder: Path, raw: bytes | None = None) -> Path:
    path = folder / "kms.key"
    path.write_bytes(base64.b64encode(os.urandom(32)) if raw is None else raw)
    return path


async def test_what_was_wrapped_unwraps(kms: KeyManagement) -> None:
    wrapped = await kms.wrap("acme", b"k" * 32, context=b"c")
    assert await kms.unwrap("acme", wrapped, context=b"c") == b"k" * 32
    assert b"k" * 8 not in wrapped


async def test_wrapping_twice_gives_two(kms: KeyManagement) -> None:
    assert await kms.wrap("acme", b"k" * 32, context=b"c") != await kms.wrap("acme", b"k" * 32, context=b"c")


async def test_it_unwraps_for_its_tenant_and_context_alone(kms: KeyManagement) -> None:
    wrapped = await kms.wrap("acme", b"k" * 32, context=b"c")
    for tenant, context in (("globex", b"c"), ("acme", b"d"), ("acme", b""), ("", b"c")):
        with pytest.raises(UnwrapError):
            await kms.unwrap(tenant, wrapped, context=context)


async def test_what_was_changed_does_not_unwrap(kms: KeyManagement) -> None:
    wrapped = await kms.wrap("acme", b"k" * 32, context=b"c")
    changed = [wrapped[:place] + bytes([wrapped[place] ^ 1]) + wrapped[place + 1 :] for place in range(len(wrapped))]
    for each in [*changed, b"", wrapped[:-1], wrapped + b"\0", b"\0" * 11]:
        with pytest.raises(UnwrapError):
            await kms.unwrap("acme", each, context=b"c")


async def test_the_local_provider_is_the_same_after_a_restart(tmp_path: Path) -> None:
    path = _key_file(tmp_path)
    wrapped = await LocalKeyManagement(path).wrap("acme", b"k" * 32, context=b"c")
    assert await LocalKeyManagement(path).unwrap("acme", wrapped, context=b"c") == b"k" * 32


@pytest.mark.parametrize("raw", [b"", b"short", b"AAAA", b"\xff\xfe", base64.b64encode(bytes(31)), b"!" * 44], ids=repr)
def test_a_key_file_with_something_else_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(SettingsError, match="PAAS_KMS_KEY_FILE") as caught:
        LocalKeyManagement(_key_file(tmp_path, raw))
    assert not raw or raw.decode("latin-1") not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("environment", ["production", "", "Local", "staging"])
def test_the_local_provider_refuses_production(tmp_path: Path, environment: str) -> None:
    with pytest.raises(SettingsError):
        open_key_management(provider="local", key_file=_key_file(tmp_path), environment=environment)


@pytest.mark.parametrize("provider", ["", "none", "plain", "LOCAL", "gcp"])
def test_an_unknown_provider_is_refused(tmp_path: Path, provider: str) -> None:
    with pytest.raises(SettingsError):
        open_key_management(provider=provider, key_file=_key_file(tmp_path), environment="local")


def test_without_a_key_file_there_is_none() -> None:
    with pytest.raises(SettingsError):
        open_key_management(provider="local", key_file=None, environment="local")


async def test_a_tenants_key_is_made_once_and_is_its_own(bench: Bench) -> None:
    key = await bench.newest("acme")
    assert (key.generation, len(key.key)) == (1, 32)
    assert await bench.newest("acme") == key == await bench.generation("acme", 1)
    assert (await bench.newest("globex")).key != key.key
    assert (await bench.replica().keys("acme")).newest == key


async def test_it_is_stored_wrapped(bench: Bench) -> None:
    key = await bench.newest("acme")
    assert key.key not in bench.store.keys["acme"][1].wrapped


async def test_replicas_that_race_end_with_the_same_key(bench: Bench) -> None:
    keys = await asyncio.gather(*(bench.replica().keys("acme") for _ in range(20)))
    assert len({key.newest.key for key in keys}) == 1


async def test_a_hundred_at_once_are_one_unwrapping(bench: Bench) -> None:
    await bench.newest("acme")
    bench.clock.advance(minutes=6)
    bench.kms.unwraps = 0
    await asyncio.gather(*(bench.generation("acme", 1) for _ in range(100)))
    assert bench.kms.unwraps == 1


async def test_reads_outlive_the_kms_for_five_minutes_and_no_longer(bench: Bench) -> None:
    key = await bench.newest("acme")
    bench.kms.away = True
    bench.clock.advance(minutes=4, seconds=59)
    assert await bench.generation("acme", 1) == key
    bench.clock.advance(seconds=1)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await bench.generation("acme", 1)
    assert not bench.ring._held, "a key that is over is not kept"
    bench.kms.away = False
    assert await bench.generation("acme", 1) == key


async def test_reading_does_not_lengthen_the_five_minutes(bench: Bench) -> None:
    await bench.newest("acme")
    bench.kms.away = True
    for _ in range(4):
        bench.clock.advance(minutes=1)
        await bench.generation("acme", 1)
    bench.clock.advance(minutes=1)
    with pytest.raises(Unavailable):
        await bench.generation("acme", 1)


async def test_writes_are_never_weaker_without_the_kms(bench: Bench) -> None:
    bench.kms.away = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            await bench.newest("acme")
    assert bench.store.keys == {}, "no key was stored that the KMS didn't wrap"
    bench.kms.away = False
    assert (await bench.newest("acme")).generation == 1


async def test_a_newer_generation_seals_and_the_older_still_opens(bench: Bench) -> None:
    old = await bench.newest("acme")
    await bench.rotate("acme", 2)
    assert (await bench.generation("acme", 2)).generation == 2
    assert (await bench.newest("acme")).generation == 2
    assert await bench.generation("acme", 1) == old


async def test_a_generation_that_never_was(bench: Bench) -> None:
    await bench.newest("acme")
    with pytest.raises(GenerationMissingError):
        await bench.generation("acme", 9)


async def test_a_wrapped_key_swapped_between_tenants_does_not_open(bench: Bench) -> None:
    await bench.newest("acme")
    await bench.newest("globex")
    keys = bench.store.keys
    keys["acme"], keys["globex"] = keys["globex"], keys["acme"]
    with pytest.raises(UnwrapError):
        await bench.replica().keys("acme")


def test_contexts_of_different_keys_differ() -> None:
    pairs = [("acme", 1), ("acme", 11), ("1\0acme", 1), ("acme", 2), ("", 1), ("cme", 1)]
    assert len({key_context(tenant, generation) for tenant, generation in pairs}) == len(pairs)


def test_a_key_does_not_show() -> None:
    assert "secret-bytes" not in repr(TenantKey(1, b"secret-bytes"))


async def test_with_the_wrong_kms_nothing_is_wrapped_or_unwrapped(bench: Bench) -> None:
    await bench.newest("acme")
    wrong = Keyring(bench.store, bench.kms, check=WrongKms(), clock=bench.clock)
    bench.kms.wraps = bench.kms.unwraps = 0
    for tenant in ("acme", "globex"):
        with pytest.raises(WrongKeyError):
            await wrong.keys(tenant)
    assert (bench.kms.wraps, bench.kms.unwraps) == (0, 0)
    assert "globex" not in bench.store.keys


async def test_the_kms_is_not_waited_for_while_a_transaction_is_open(bench: Bench) -> None:
    await bench.newest("acme")
    bench.kms.wraps = bench.kms.unwraps = 0
    with noted():
        for ask in (bench.ring.keys("globex"), bench.ring.keys("acme"), KmsCheck(NoProof(), bench.kms).confirm()):
            with pytest.raises(Internal):
                await ask
    assert (bench.kms.wraps, bench.kms.unwraps) == (0, 0)
    await bench.newest("globex")


async def test_what_nobody_asks_for_again_is_dropped_in_time(bench: Bench) -> None:
    ring = Keyring(bench.store, bench.kms, check=RightKms(), clock=utc_now, held_for=timedelta(milliseconds=50))
    await asyncio.gather(*(ring.keys(f"tenant-{number}") for number in range(50)))
    await until(lambda: not ring._held)
    assert not ring._loading


async def test_a_failed_load_is_tried_again_and_leaves_nothing(bench: Bench) -> None:
    bench.kms.away = True
    outcomes = await asyncio.gather(*(bench.ring.keys("acme") for _ in range(10)), return_exceptions=True)
    assert {type(each) for each in outcomes} == {Unavailable}
    assert not bench.ring._loading
    bench.kms.away = False
    await bench.ring.keys("acme")


async def test_one_who_goes_away_takes_no_key_from_the_others(bench: Bench) -> None:
    first, second = asyncio.ensure_future(bench.ring.keys("acme")), asyncio.ensure_future(bench.ring.keys("acme"))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).newest.generation == 1


NAMED = [("A", Plaintext("one")), ("B", Plaintext("two"))]


def test_fingerprints_say_whether_values_are_equal_and_nothing_more() -> None:
    keys = TenantKeys("acme", {1: TenantKey(1, b"a" * 32), 2: TenantKey(2, b"b" * 32)})
    prints = keys.fingerprints(NAMED)
    assert prints == keys.fingerprints(NAMED)
    changed = keys.fingerprints([("A", Plaintext("one")), ("B", Plaintext("three"))])
    assert (changed[1][0], changed[1][1] != prints[1][1]) == (prints[1][0], True)
    swapped = keys.fingerprints([("A", Plaintext("two")), ("B", Plaintext("one"))])
    assert not {*swapped[1]} & {*prints[1]}, "equal values of different names don't show"
    assert not {*prints[1]} & {*prints[2]}
    other = TenantKeys("globex", {1: TenantKey(1, b"c" * 32)})
    assert other.fingerprints(NAMED)[1] != prints[1]
    for digest in prints[1]:
        assert digest not in {hashlib.sha256(text).hexdigest() for text in (b"one", b"A=one", b"A\0one")}


def test_what_a_tenants_keys_seal_opens_at_its_place_alone() -> None:
    keys = TenantKeys("acme", {1: TenantKey(1, b"a" * 32), 2: TenantKey(2, b"b" * 32)})
    sealed = keys.seal("a1", "KEY", 7, Plaintext("xyzzy"))
    assert sealed.generation == 2
    assert keys.unseal("a1", "KEY", 7, sealed).reveal() == "xyzzy"
    for place in (("a2", "KEY", 7), ("a1", "KEY2", 7), ("a1", "KEY", 8), ("a1", "KEY", -7)):
        with pytest.raises(OpenError):
            keys.unseal(*place, sealed)
    with pytest.raises(GenerationMissingError):
        TenantKeys("acme", {1: keys.by_generation[1]}).unseal("a1", "KEY", 7, sealed)
