"""The provider `gcp` on a fake Cloud KMS: names of keys, keys made at need, rotation, retries, deadlines, silence.

Leaves out what any provider does (`test_kms_contract`) and what happens when something is wrong (`test_faults`).
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from paaskit.clock import utc_now
from paaskit.errors import Unavailable
from paaskit.metrics.measured import REGISTRY
from paaskit.settings import SettingsError
from services.secrets.keys.keyring import Keyring
from services.secrets.keys.kms import DATABASE_CHECK, KeyManagement, tenant_key
from services.secrets.keys.kms.gcp import DEADLINE_SECONDS, crypto_key_id, open_cloud_kms
from services.secrets.keys.kms_check import KmsCheck
from services.secrets.keys.wrapping import Wrapping
from services.secrets.server import refuse_wrong_key
from tests.fakes.cloud_kms import KEY_RING, FakeCloudKms, Fault
from tests.fakes.cloud_kms.messages import crc32c
from tests.fixtures.waiting import PATIENCE, until
from tests.unit.secrets.keys.stores import FakeKeyStore, Proofs

ACME = tenant_key("acme")
KEY = bytes(range(32))
ROOT = Path(__file__).parents[4]
AWAY = grpc.StatusCode.UNAVAILABLE


def resource(tenant: str = "acme") -> str:
    return f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key(tenant))}"


def test_every_name_of_a_key_is_a_legal_id_and_another() -> None:
    tenants = [
        "",
        "-",
        "acme",
        "ACME",
        "Acme",
        "acme-",
        "acme_",
        "database-check",
        "a" * 300,
        "Ünï",
        "a/b",
        "a\0b",
        ".",
    ]
    names = [DATABASE_CHECK, *map(tenant_key, tenants)]
    ids = [crypto_key_id(name) for name in names]
    assert len(set(ids)) == len({each.lower() for each in ids}) == len(names)
    for each in ids:
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,63}", each)


def test_names_of_keys_are_final() -> None:
    """What was wrapped is found again by them. `printf %s acme | sha224sum` says the same."""
    assert crypto_key_id(ACME) == "tenant-4f3183ead4c66fc6e1c0a2562a2a27d1bf54393159cab5c772255ac6"
    assert crypto_key_id(DATABASE_CHECK) == "database-check"


async def test_a_key_is_made_when_it_is_first_used_and_once(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    await asyncio.gather(*(gcp.wrap(ACME, KEY, context=b"c") for _ in range(8)))
    assert list(cloud.keys.primary) == [resource()]
    assert [name for name in cloud.keys.versions if name.startswith(resource())] == [
        f"{resource()}/cryptoKeyVersions/1"
    ]
    made = cloud.calls["CreateCryptoKey"]
    await gcp.wrap(ACME, KEY, context=b"c")
    assert cloud.calls["CreateCryptoKey"] == made


async def test_unwrapping_makes_no_key(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    with pytest.raises(Exception, match="was not made with this key"):
        await gcp.unwrap(ACME, b"x" * 60, context=b"c")
    assert not cloud.keys.primary


async def test_without_its_key_ring_the_service_does_not_start(cloud: FakeCloudKms) -> None:
    other = KEY_RING.replace("paas", "other")
    kms = open_cloud_kms(other, endpoint=cloud.endpoint, insecure=True)
    with pytest.raises(SettingsError, match="PAAS_KMS_KEY_RING: there is no such key ring"):
        await refuse_wrong_key(KmsCheck(Proofs(), kms))
    with pytest.raises(Unavailable) as caught:
        await kms.wrap(ACME, KEY, context=b"c")
    assert caught.value.reason == "KMS_NO_KEY_RING"
    await kms.close()


async def test_with_another_key_ring_the_service_does_not_start(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    proofs = Proofs()
    await refuse_wrong_key(KmsCheck(proofs, gcp))
    other = KEY_RING.replace("paas", "other")
    for rings in ({KEY_RING}, {KEY_RING, other}):
        cloud.keys.rings = rings
        kms = open_cloud_kms(other, endpoint=cloud.endpoint, insecure=True)
        with pytest.raises(SettingsError, match="holds other keys"):
            await refuse_wrong_key(KmsCheck(proofs, kms))
        await kms.close()


async def test_while_cloud_kms_is_away_the_service_starts(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    """A replica that is replaced just then would not come back otherwise, and config goes on without its keys."""
    cloud.stop()
    check = KmsCheck(Proofs(), gcp)
    await refuse_wrong_key(check)
    with pytest.raises(Unavailable):
        await check.confirm()


async def test_checksums_go_with_every_call(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    seen = []

    def look(request: Any) -> None:
        fields = ("plaintext_crc32c", "ciphertext_crc32c", "additional_authenticated_data_crc32c")
        seen.append([name for name in fields if name in {each.name for each, _ in request.ListFields()}])

    with cloud.wrong(Fault(method="Encrypt", what="is looked at", asked=look)):
        wrapped = await gcp.wrap(ACME, KEY, context=b"c")
    with cloud.wrong(Fault(method="Decrypt", what="is looked at", asked=look)):
        await gcp.unwrap(ACME, wrapped, context=b"c")
    context = "additional_authenticated_data_crc32c"
    assert seen == [["plaintext_crc32c", context]] * 2 + [["ciphertext_crc32c", context]]


def _doubled(field: str) -> Callable[[Any], None]:
    """Something else, with the checksum that was."""
    return lambda answer: setattr(answer, field, getattr(answer, field) * 2)


async def test_an_answer_is_believed_only_with_its_checksum(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    """Whoever calls would find out about these as well, but not about all that a line can do."""
    wrapped = await gcp.wrap(ACME, KEY, context=b"c")
    changed = Fault(method="Encrypt", what="is changed on its way", answered=_doubled("ciphertext"))
    with cloud.wrong(changed), pytest.raises(Unavailable) as caught:
        await gcp.wrap(ACME, KEY, context=b"c")
    assert caught.value.reason == "KMS_ANSWER_WRONG"
    changed = Fault(method="Decrypt", what="is changed on its way", answered=_doubled("plaintext"))
    with cloud.wrong(changed), pytest.raises(Unavailable) as caught:
        await gcp.unwrap(ACME, wrapped, context=b"c")
    assert caught.value.reason == "KMS_ANSWER_WRONG"


async def test_a_plaintext_is_no_ciphertext(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    def in_the_clear(answer: Any) -> None:
        answer.ciphertext = b"v1" + KEY
        answer.ciphertext_crc32c.value = crc32c(answer.ciphertext)

    clear = Fault(method="Encrypt", what="encrypts nothing", answered=in_the_clear)
    with cloud.wrong(clear), pytest.raises(Unavailable):
        await gcp.wrap(ACME, KEY, context=b"c")


async def test_what_was_wrapped_before_a_rotation_unwraps(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    before = await gcp.wrap(ACME, KEY, context=b"c")
    cloud.ask("CreateCryptoKeyVersion", parent=resource())
    assert cloud.ask("GetCryptoKey", name=resource()).primary.name == f"{resource()}/cryptoKeyVersions/1"
    cloud.ask("UpdateCryptoKeyPrimaryVersion", name=resource(), crypto_key_version_id="2")
    after = await gcp.wrap(ACME, KEY, context=b"c")
    assert [await gcp.unwrap(ACME, each, context=b"c") for each in (before, after)] == [KEY, KEY]
    cloud.ask("DestroyCryptoKeyVersion", name=f"{resource()}/cryptoKeyVersions/1")
    with pytest.raises(Unavailable):
        await gcp.unwrap(ACME, before, context=b"c")
    assert await gcp.unwrap(ACME, after, context=b"c") == KEY


async def test_a_destroyed_key_is_not_made_anew(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    await gcp.wrap(ACME, KEY, context=b"c")
    cloud.ask("DestroyCryptoKeyVersion", name=f"{resource()}/cryptoKeyVersions/1")
    with pytest.raises(Unavailable) as caught:
        await gcp.wrap(ACME, KEY, context=b"c")
    assert caught.value.reason == "KMS_FAILED_PRECONDITION"
    assert cloud.calls["CreateCryptoKey"] == 1
    assert len(cloud.keys.versions) == 1


@pytest.mark.parametrize("method", ["Encrypt", "Decrypt", "CreateCryptoKey"])
@pytest.mark.parametrize("status", [each for each in grpc.StatusCode if each is not grpc.StatusCode.OK], ids=str)
async def test_unavailable_alone_is_tried_again(
    gcp: KeyManagement, cloud: FakeCloudKms, method: str, status: grpc.StatusCode
) -> None:
    wrapped = await gcp.wrap(tenant_key("globex"), KEY, context=b"c")
    cloud.calls.clear()
    outcome: object = None
    with cloud.wrong(Fault(method=method, what="fails once", status=status, times=1)):
        try:
            if method == "Decrypt":
                outcome = await gcp.unwrap(tenant_key("globex"), wrapped, context=b"c")
            else:
                outcome = await gcp.wrap(ACME, KEY, context=b"c")
        except Exception as error:
            outcome = error
    # A key that is not there is made, and one that is there already is as good as made.
    met = {("Encrypt", grpc.StatusCode.NOT_FOUND), ("CreateCryptoKey", grpc.StatusCode.ALREADY_EXISTS)}
    if status is AWAY:
        assert isinstance(outcome, bytes)
        assert cloud.calls[method] == 2 + (method == "Encrypt")
    elif (method, status) not in met:
        assert not isinstance(outcome, bytes)
        assert cloud.calls[method] == 1


async def test_it_is_not_tried_for_ever(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    with cloud.wrong(Fault(method="Encrypt", what="is away", status=AWAY)), pytest.raises(Unavailable):
        await gcp.wrap(ACME, KEY, context=b"c")
    assert cloud.calls["Encrypt"] == 4


async def test_there_is_an_end_to_waiting(cloud: FakeCloudKms) -> None:
    kms = open_cloud_kms(KEY_RING, endpoint=cloud.endpoint, insecure=True, deadline=PATIENCE)
    await kms.wrap(ACME, KEY, context=b"c")  # so that it is connected
    asked, kms._deadline = cloud.calls["Encrypt"], 0.2
    with cloud.wrong(Fault(method="Encrypt", what="lags", lags=True)), pytest.raises(Unavailable) as caught:
        await kms.wrap(ACME, KEY, context=b"c")
    assert (caught.value.reason, cloud.calls["Encrypt"] - asked) == ("KMS_DEADLINE_EXCEEDED", 1)
    await kms.close()


async def test_every_call_has_a_deadline(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    wrapped = await gcp.wrap(ACME, KEY, context=b"c")
    await gcp.unwrap(ACME, wrapped, context=b"c")
    assert cloud.calls == {"Encrypt": 2, "CreateCryptoKey": 1, "Decrypt": 1}
    assert len(cloud.patience) == 4
    assert all(0 < each < DEADLINE_SECONDS + 0.5 for each in cloud.patience), "what is sent is rounded up"


async def test_calls_are_counted_by_what_became_of_them(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    def counted(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(f"paas_key_service_{name}_total", labels) or 0

    def figures() -> list[float]:
        return [
            counted("calls", method="Encrypt", code="OK"),
            counted("calls", method="Encrypt", code="NOT_FOUND"),
            counted("calls", method="Encrypt", code="UNAVAILABLE"),
            counted("wrong_answers", reason="name"),
        ]

    before = figures()
    await gcp.wrap(ACME, KEY, context=b"c")
    with cloud.wrong(Fault(method="Encrypt", what="is away twice", status=AWAY, times=2)):
        await gcp.wrap(ACME, KEY, context=b"c")
    other = Fault(method="Encrypt", what="is another's", answered=lambda answer: setattr(answer, "name", "x"))
    with cloud.wrong(other), pytest.raises(Unavailable):
        await gcp.wrap(ACME, KEY, context=b"c")
    assert [after - once for after, once in zip(figures(), before, strict=True)] == [3, 1, 2, 1]


async def test_a_busy_kms_is_busy(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    busy = Fault(method="Encrypt", what="has no quota", status=grpc.StatusCode.RESOURCE_EXHAUSTED)
    with cloud.wrong(busy), pytest.raises(Unavailable) as caught:
        await gcp.wrap(ACME, KEY, context=b"c")
    assert (caught.value.reason, caught.value.metadata) == ("BUSY", {"service": "kms"})


async def test_a_kms_that_comes_back_is_found_again(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    wrapped = await gcp.wrap(ACME, KEY, context=b"c")
    cloud.stop()
    for _ in range(3):
        with pytest.raises(Unavailable):
            await gcp.unwrap(ACME, wrapped, context=b"c")
    cloud.start()

    async def back() -> bool:
        try:
            return await gcp.unwrap(ACME, wrapped, context=b"c") == KEY
        except Unavailable:
            return False

    await until(back)


async def test_five_hundred_reads_after_a_restart_are_one_call_a_key(gcp: KeyManagement, cloud: FakeCloudKms) -> None:
    """Of twenty tenants; with the check of the KMS, whose key is one as well."""
    store, proofs = FakeKeyStore(), Proofs()
    tenants = [f"tenant-{number}" for number in range(20)]

    def process() -> Keyring:
        return Keyring(store, Wrapping(gcp, KmsCheck(proofs, gcp)), clock=utc_now)

    first = process()
    made = {tenant: (await first.keys(tenant)).newest for tenant in tenants}
    cloud.calls.clear()
    cloud.at_once.clear()
    restarted = process()
    found = await asyncio.gather(*(restarted.keys_for(tenants[number % 20], [1]) for number in range(500)))
    assert [each.newest for each in found] == [made[each.tenant] for each in found]
    assert cloud.calls == {"Decrypt": 21}
    assert set(cloud.at_once.values()) == {1}


_WRAPS = """
import asyncio, logging, sys
from services.secrets.keys.kms import tenant_key
from services.secrets.keys.kms.gcp import open_cloud_kms
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout)
async def main():
    kms = open_cloud_kms(sys.argv[1], endpoint=sys.argv[2], insecure=True)
    wrapped = await kms.wrap(tenant_key("acme"), bytes(range(32)), context=b"c")
    print(len(await kms.unwrap(tenant_key("acme"), wrapped, context=b"c")))
    await kms.close()
asyncio.run(main())
"""


@pytest.mark.parametrize(
    "scope", ["google", *(pytest.param(scope, marks=pytest.mark.thorough) for scope in ("google.cloud.kms_v1", ""))]
)
def test_google_s_own_debug_log_stays_off(cloud: FakeCloudKms, scope: str) -> None:
    """It has whole requests: tenants' keys in the clear. An environment variable turns it on elsewhere."""
    environment = {**os.environ, "GOOGLE_SDK_PYTHON_LOGGING_SCOPE": scope, "PYTHONPATH": str(ROOT / "gen")}
    done = subprocess.run(
        [sys.executable, "-c", _WRAPS, KEY_RING, cloud.endpoint],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "32" in done.stdout.splitlines()
    said = done.stdout + done.stderr
    assert "AAECAwQFBgc" not in said
    assert "plaintext" not in said
    assert "KeyManagementService" not in said
