"""Tenants' keys and the KMS behind them.

Covers: the key ring's cache, a KMS that is away or answers with other keys, replicas that race, many at once, and the
check of the KMS. Leaves out the SQL, and what a real KMS can do wrong (`test_faults`).
"""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from paaskit.clock import utc_now
from paaskit.db.open_transaction import noted
from paaskit.errors import Internal, Unavailable
from paaskit.redact import Plaintext
from paaskit.settings import SettingsError
from services.secrets.keys.envelope import OpenError, TenantKey
from services.secrets.keys.keyring import HELD_FOR, Keyring, hold_for
from services.secrets.keys.kms import DATABASE_CHECK, KeyName, UnwrapError, tenant_key
from services.secrets.keys.kms_check import KmsCheck, WrongKeyError
from services.secrets.keys.tenant_keys import GenerationMissingError, TenantKeys
from services.secrets.keys.wrapping import Wrapping, check_value, key_context
from tests.fakes.kms import FakeKms, RightKms
from tests.fixtures.waiting import until
from tests.unit.secrets.keys.benches import Bench
from tests.unit.secrets.keys.stores import Proofs


class WrongKms:
    """Implements `services.secrets.keys.keyring.KeyCheck`: the KMS is never the right one."""

    async def confirm(self) -> None:
        raise WrongKeyError("other keys")


@pytest.fixture
def bench() -> Bench:
    """A bench of its own for each test."""
    return Bench()


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


async def test_five_hundred_at_once_are_one_unwrapping(bench: Bench) -> None:
    await bench.newest("acme")
    bench.clock.advance(minutes=6)
    bench.kms.unwraps = 0
    await asyncio.gather(*(bench.generation("acme", 1) for _ in range(500)))
    assert bench.kms.unwraps == 1


async def test_however_many_ask_at_once_the_kms_is_checked_once(bench: Bench) -> None:
    proofs = Proofs()
    await KmsCheck(proofs, bench.kms).confirm()
    bench.kms.unwraps = 0
    again = KmsCheck(proofs, bench.kms)
    ring = Keyring(bench.store, Wrapping(bench.kms, again), clock=bench.clock)
    await asyncio.gather(*(again.confirm() for _ in range(500)), *(ring.keys("acme") for _ in range(500)))
    assert bench.kms.unwraps == 1 + 2, "the check; acme's first key when it is made, and when it is read back"


async def test_the_check_has_a_key_that_is_no_tenant_s(bench: Bench) -> None:
    proofs = Proofs()
    await KmsCheck(proofs, bench.kms).confirm()
    assert proofs.kept is not None
    for name in (tenant_key("-"), tenant_key(""), tenant_key("database-check"), tenant_key("acme")):
        assert name != DATABASE_CHECK
        with pytest.raises(UnwrapError):
            await bench.kms.unwrap(name, proofs.kept, context=b"paas kms check v1")
    assert await bench.kms.unwrap(DATABASE_CHECK, proofs.kept, context=b"paas kms check v1")


class Lying(FakeKms):
    """Unwraps whatever it is given to what it is told, and wraps to what it can't unwrap."""

    def __init__(self, *, key: bytes | None = None, wrapped: bytes | None = None) -> None:
        super().__init__()
        self.key, self.wrapped = key, wrapped

    async def wrap(self, name: KeyName, key: bytes, *, context: bytes) -> bytes:
        return self.wrapped or await super().wrap(name, key, context=context)

    async def unwrap(self, name: KeyName, wrapped: bytes, *, context: bytes) -> bytes:
        return self.key or await super().unwrap(name, wrapped, context=context)


@pytest.mark.parametrize("lie", [bytes(32), b"k" * 31, b"k" * 33, b"k"], ids=len)
async def test_another_key_than_was_wrapped_is_not_used(bench: Bench, lie: bytes) -> None:
    """A key service that answers with another key would have what is sealed with it lost, or open to who knows it."""
    key = await bench.newest("acme")
    liar = Lying(key=lie)
    ring = Keyring(bench.store, Wrapping(liar, RightKms()), clock=bench.clock)
    for tenant in ("acme", "globex"):
        with pytest.raises(Unavailable):
            await ring.keys(tenant)
    assert set(bench.store.keys) == {"acme"}, "nothing was stored that doesn't unwrap"
    with pytest.raises(Unavailable):
        await KmsCheck(proofs := Proofs(), liar).confirm()
    assert proofs.kept is None
    assert (await bench.replica().keys("acme")).newest == key


async def test_a_key_is_stored_only_if_it_unwraps(bench: Bench) -> None:
    liar = Lying(wrapped=b"w" * 60)
    with pytest.raises(Unavailable):
        await Keyring(bench.store, Wrapping(liar, RightKms()), clock=bench.clock).keys("acme")
    assert bench.store.keys == {}
    with pytest.raises(Unavailable):
        await KmsCheck(proofs := Proofs(), liar).confirm()
    assert proofs.kept is None


async def test_a_key_from_before_there_were_check_values_opens(bench: Bench) -> None:
    key = await bench.newest("acme")
    bench.store.keys["acme"][1] = replace(bench.store.keys["acme"][1], check_value=None)
    assert (await bench.replica().keys("acme")).newest == key


def test_a_check_value_is_another_for_each_key_and_place() -> None:
    pairs = [(b"a" * 32, b"c"), (b"b" * 32, b"c"), (b"a" * 32, b"d")]
    assert len({check_value(key, context) for key, context in pairs}) == 3
    assert all(key not in check_value(key, context) for key, context in pairs)


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


@pytest.mark.parametrize("seconds", [0, -1, 301, 86400])
def test_nobody_can_ask_for_longer_than_five_minutes(seconds: int) -> None:
    with pytest.raises(SettingsError, match="PAAS_KMS_KEYS_HELD_SECONDS is from 1 to 300"):
        hold_for(seconds)
    assert hold_for(300) == HELD_FOR == timedelta(minutes=5)
    assert hold_for(1) == timedelta(seconds=1)


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
    wrong = Keyring(bench.store, Wrapping(bench.kms, WrongKms()), clock=bench.clock)
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
        for ask in (bench.ring.keys("globex"), bench.ring.keys("acme"), KmsCheck(Proofs(), bench.kms).confirm()):
            with pytest.raises(Internal):
                await ask
    assert (bench.kms.wraps, bench.kms.unwraps) == (0, 0)
    await bench.newest("globex")


async def test_what_nobody_asks_for_again_is_dropped_in_time(bench: Bench) -> None:
    ring = Keyring(bench.store, Wrapping(bench.kms, RightKms()), clock=utc_now, held_for=timedelta(milliseconds=50))
    await asyncio.gather(*(ring.keys(f"tenant-{number}") for number in range(50)))
    await until(lambda: not ring._held)
    assert not ring._loads._running


async def test_a_failed_load_is_tried_again_and_leaves_nothing(bench: Bench) -> None:
    bench.kms.away = True
    outcomes = await asyncio.gather(*(bench.ring.keys("acme") for _ in range(10)), return_exceptions=True)
    assert {type(each) for each in outcomes} == {Unavailable}
    assert not bench.ring._loads._running
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
