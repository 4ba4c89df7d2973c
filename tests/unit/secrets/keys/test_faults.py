"""Everything that can go wrong with a Cloud KMS, one fault at a time, and what holds whichever it is.

With each: reads go on until the cache ends; nothing is sealed or stored in a weaker way; no text has a key, what was
wrapped, or anything of Google's; and when it is over, everything is as before. The key ring, the check of the KMS and
the provider are the real ones; the KMS is the fake on a real channel.
"""

import base64
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from paaskit.errors import Unavailable
from paaskit.logs import describe_exception
from paaskit.redact import Plaintext
from services.secrets.keys.keyring import Keyring
from services.secrets.keys.kms import UnwrapError
from services.secrets.keys.kms.gcp import CloudKeyManagement, open_cloud_kms
from services.secrets.keys.kms_check import KmsCheck
from services.secrets.keys.tenant_keys import TenantKeys
from services.secrets.keys.wrapping import Wrapping
from tests.fakes.clock import FakeClock
from tests.fakes.cloud_kms import CANARY, KEY_RING, FakeCloudKms
from tests.fixtures.waiting import until
from tests.unit.secrets.keys.faults_known import FAULTS, Known
from tests.unit.secrets.keys.stores import FakeKeyStore, Proofs

VALUE = Plaintext("sk_live_xyzzy")
# Nothing here takes so long, but for what lags: that is waited for no longer than it has to be.
DEADLINE, DEADLINE_OF_WHAT_LAGS = 10.0, 1.0


class Bench:
    """A process of secrets, of which acme has a key and globex has none yet."""

    def __init__(self, cloud: FakeCloudKms, kms: CloudKeyManagement) -> None:
        self.cloud, self.kms = cloud, kms
        self.store, self.proofs, self.clock = FakeKeyStore(), Proofs(), FakeClock()
        check = KmsCheck(self.proofs, kms)
        self.ring = Keyring(self.store, Wrapping(kms, check), clock=self.clock)
        self.said: list[str] = []
        self.errors: dict[str, type[Exception]] = {}

    async def outcome(self, tenant: str) -> TenantKeys | None:
        """A tenant's keys, or None where they can't be had; what was said then is kept."""
        try:
            return await self.ring.keys(tenant)
        except (Unavailable, UnwrapError) as error:
            self.errors[tenant] = type(error)
            self.said += [str(error), repr(error), repr(error.__dict__), "".join(traceback.format_exception(error))]
            self.said.append(repr(describe_exception(error)))
            return None


@pytest.fixture
async def bench(cloud: FakeCloudKms) -> AsyncIterator[Bench]:
    """Each test has its own."""
    kms = open_cloud_kms(KEY_RING, endpoint=cloud.endpoint, insecure=True, deadline=DEADLINE)
    yield Bench(cloud, kms)
    await kms.close()


@contextmanager
def everything_said(
    bench: Bench, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Keep what is logged or printed in the block as well."""
    with caplog.at_level(logging.DEBUG), capture_logs() as logged:
        yield
    bench.said += [repr(logged), caplog.text, *capfd.readouterr()]


def deadline(fault: Known, *, well: bool) -> float:
    """How long to wait for the KMS: no longer than one has to for what lags, and as long as it takes for all else."""
    return DEADLINE_OF_WHAT_LAGS if fault.what.endswith("lags") and not well else DEADLINE


def forms(data: bytes) -> list[str]:
    """How bytes show in a text."""
    return [data.hex(), base64.b64encode(data).decode().rstrip("="), repr(data)[2:-1], str(list(data))[1:-1]]


def test_there_are_as_many_faults_as_were_planned() -> None:
    assert len({str(fault) for fault in FAULTS}) == len(FAULTS) >= 90


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_whatever_goes_wrong(
    bench: Bench, fault: Known, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    before = await bench.ring.keys("acme")
    sealed, stored = before.seal("a1", "KEY", 1, VALUE), dict(bench.store.keys["acme"])
    with everything_said(bench, caplog, capfd):
        with fault.happens(bench.cloud):
            bench.clock.advance(minutes=4, seconds=59)
            held = await bench.outcome("acme")
            assert held is not None, "until the cache ends"
            assert held.unseal("a1", "KEY", 1, sealed).reveal() == VALUE.reveal()
            bench.clock.advance(seconds=1)
            bench.kms._deadline = deadline(fault, well=fault.reads)
            read = await bench.outcome("acme")
            assert (read is not None) == fault.reads
            assert read is None or read.newest == before.newest
            bench.kms._deadline = deadline(fault, well=fault.writes)
            written = await bench.outcome("globex")
            assert (written is not None) == fault.writes
            assert fault.writes or issubclass(bench.errors["globex"], Unavailable), "who writes is told to try again"
            assert ("globex" in bench.store.keys) == fault.writes, "nothing is stored that can't be used"
        bench.kms._deadline = DEADLINE
        recovered: dict[str, TenantKeys] = {}

        async def back() -> bool:
            found = {tenant: await bench.outcome(tenant) for tenant in ("acme", "globex")}
            recovered.update({tenant: keys for tenant, keys in found.items() if keys is not None})
            return None not in found.values()

        await until(back)
    assert recovered["acme"].unseal("a1", "KEY", 1, sealed).reveal() == VALUE.reveal()
    assert bench.store.keys["acme"] == stored
    assert written is None or written.newest == recovered["globex"].newest
    assert recovered["globex"].newest.key != before.newest.key
    secret = [CANARY, VALUE.reveal()]
    for keys in recovered.values():
        secret += forms(keys.newest.key) + forms(bench.store.keys[keys.tenant][1].wrapped)
    text = "\n".join(bench.said)
    assert [each for each in secret if each in text] == []


async def test_a_planted_text_is_found(bench: Bench) -> None:
    """The control of the search above."""
    key = (await bench.ring.keys("acme")).newest.key
    planted = f"{key.hex()} {key!r} {base64.b64encode(key)!r} {list(key)}"
    assert [form for form in forms(key) if form not in planted] == []
