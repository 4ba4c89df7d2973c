"""The stack on Cloud KMS instead of a key file: it works, it bears the KMS going away, refusing and coming back, and
its keys are rotated, wrapped anew and destroyed.

A stack of its own, with a fake Cloud KMS on this machine (`PAAS_KMS_ENDPOINT`), which keeps keys in memory for seconds
and not for five minutes. What every kind of fault does is tests/unit/secrets/keys/test_faults.py.
"""

import base64
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from local.ports import free_base_port
from local.stack import Stack
from services.secrets.keys.kms import DATABASE_CHECK, tenant_key
from services.secrets.keys.kms.gcp import crypto_key_id
from tests.e2e.installation import TENANT, Installation, Paas, as_superuser, events, eventually, settled
from tests.fakes.cloud_kms import CANARY, KEY_RING, FakeCloudKms, Fault
from tests.fakes.cloud_kms.messages import CryptoKeyVersion

HELD_SECONDS = 20
AWAY = "The key service is unavailable"


@pytest.fixture(scope="module")
def cloud() -> Iterator[FakeCloudKms]:
    """A Cloud KMS with an empty key ring."""
    with FakeCloudKms() as cloud:
        yield cloud


@pytest.fixture(scope="module")
def on_cloud_kms(temporary: Path, cloud: FakeCloudKms) -> Iterator[Installation]:
    """A stack whose keys that KMS keeps."""
    stack = Stack(temporary / "on cloud kms" / ".paas", base_port=free_base_port())
    stack.layout.root.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAAS_KMS_PROVIDER", "gcp")
        patch.setenv("PAAS_KMS_KEY_RING", KEY_RING)
        patch.setenv("PAAS_KMS_ENDPOINT", cloud.endpoint)
        patch.setenv("PAAS_KMS_KEYS_HELD_SECONDS", str(HELD_SECONDS))
        stack.start()
    try:
        yield Installation(stack, temporary / "home on cloud kms")
    finally:
        stack.stop()


@pytest.fixture
def ada(on_cloud_kms: Installation) -> Paas:
    """`paas` as an admin of acme, with a new app chosen."""
    return on_cloud_kms.new_app(on_cloud_kms.person(), instances=0)


def value_of(paas: Paas, name: str) -> str | None:
    """What `secrets:get` prints, None where it can't."""
    run = paas("secrets:get", name)
    assert run.exit_code in (0, 5), run.err
    return run.out if run.exit_code == 0 else None


def said(installation: Installation) -> str:
    """Everything that was logged or printed."""
    logs = [path.read_text(errors="replace") for path in installation.stack.layout.logs.glob("*.log")]
    return "\n".join([*logs, *(run.out + run.err for run in installation.transcript)])


def test_it_bears_the_kms_going_away_and_coming_back(
    ada: Paas, on_cloud_kms: Installation, cloud: FakeCloudKms
) -> None:
    began = time.monotonic()
    ada.ok("secrets:set", "S=1", "--no-wait")
    assert value_of(ada, "S") == "1\n"
    assert settled(ada)[0]["state"] == "succeeded"
    names = [f"{KEY_RING}/cryptoKeys/{crypto_key_id(name)}" for name in (DATABASE_CHECK, tenant_key(TENANT))]
    assert list(cloud.keys.primary) == names
    cloud.stop()
    try:
        kept = value_of(ada, "S")
        assert kept == "1\n" or time.monotonic() - began > HELD_SECONDS, "until the cache ends"
        eventually(lambda: value_of(ada, "S") is None, every=1)
        for arguments in (["secrets:set", "S=2"], ["secrets:set", "NEW=1"], ["secrets:rotate", "S"]):
            run = ada(*arguments, "--no-wait")
            assert (run.exit_code, run.out, run.err.count("\n")) == (5, "", 1), run.err
            assert AWAY in run.err
            assert "so nothing was changed" in run.err
        assert [row["name"] for row in ada.ok("secrets", "--json").document["secrets"]] == ["S"]
        ada.ok("config:set", "A=1", "--no-wait")
    finally:
        cloud.start()
    assert eventually(lambda: value_of(ada, "S")) == "1\n"
    ada.ok("secrets:set", "S=2", "--no-wait")
    assert value_of(ada, "S") == "2\n"
    assert {release["state"] for release in settled(ada)} == {"succeeded"}
    assert list(cloud.keys.primary) == names, "no key was made anew"


def test_a_refusal_is_told_without_google_s_words(ada: Paas, on_cloud_kms: Installation, cloud: FakeCloudKms) -> None:
    """The service account may make no keys: a tenant that has none yet stores nothing."""
    stranger = on_cloud_kms.new_app(on_cloud_kms.person("eve@example.com", tenant="globex"), instances=0)
    denied = Fault(method="CreateCryptoKey", what="is not allowed", status=grpc.StatusCode.PERMISSION_DENIED)
    with cloud.wrong(denied):
        run = stranger("secrets:set", "S=xyzzy-value", "--no-wait")
    assert (run.exit_code, run.out) == (5, ""), run.err
    assert AWAY in run.err
    rows = as_superuser(on_cloud_kms.stack, "secrets", "SELECT count(*) FROM tenant_keys WHERE tenant = 'globex'")
    assert rows == [(0,)]
    stranger.ok("secrets:set", "S=xyzzy-value", "--no-wait")
    assert value_of(stranger, "S") == "xyzzy-value\n"
    text = said(on_cloud_kms)
    assert '"status": "PERMISSION_DENIED", "reason": "FAKE_REASON"' in text, "whoever runs it is told"
    assert CANARY not in text
    rows = as_superuser(on_cloud_kms.stack, "secrets", "SELECT wrapped FROM tenant_keys")
    for (wrapped,) in rows:
        assert base64.b64encode(bytes(wrapped)).decode() not in text
        assert bytes(wrapped).hex() not in text


def test_a_restarted_service_has_the_same_keys(ada: Paas, on_cloud_kms: Installation, cloud: FakeCloudKms) -> None:
    ada.ok("secrets:set", "S=1", "--no-wait")
    made = dict(cloud.keys.primary)
    on_cloud_kms.stack.kill_part("secrets")
    on_cloud_kms.stack.wait_ready(["secrets"])
    assert eventually(lambda: value_of(ada, "S")) == "1\n"
    assert cloud.keys.primary == made


def test_a_key_is_rotated_while_the_service_is_killed(
    ada: Paas, on_cloud_kms: Installation, cloud: FakeCloudKms
) -> None:
    """Everything can be read all the while, and is sealed with the new key at the end."""
    values = {f"S{number}": f"value {number}" for number in range(40)}
    ada.ok("secrets:set", *(f"{name}={value}" for name, value in values.items()), "--no-wait")
    before = ada.ok("keys", "--json").document
    assert ada.ok("keys:rotate", "--no-wait").out.startswith(f"Generation {before['generation'] + 1} seals from now on")
    on_cloud_kms.stack.kill_part("secrets")
    on_cloud_kms.stack.wait_ready(["secrets"])

    def rolled_out() -> bool:
        run = ada("keys", "--json")
        return run.exit_code == 0 and bool(run.document["rollout"]["finished_at"])

    eventually(rolled_out)
    after = ada.ok("keys", "--json").document
    assert (after["generation"], after["older_versions"]) == (before["generation"] + 1, 0)
    assert after["rollout"]["total"] == after["rollout"]["done"] >= len(values)
    assert after["kms"]["resource"] == f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key(TENANT))}"
    read = ada.ok("secrets:get", *values, "--json").document["secrets"]
    assert {each["name"]: each["value"] for each in read} == values
    assert ada.ok("keys:rotate").lines[-1].startswith("done ")


def test_a_new_primary_version_wraps_by_itself_and_the_old_one_can_go(
    ada: Paas, on_cloud_kms: Installation, cloud: FakeCloudKms
) -> None:
    ada.ok("secrets:set", "S=1", "--no-wait")
    key = f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key(TENANT))}"
    made = cloud.ask("CreateCryptoKeyVersion", parent=key).name.rpartition("/")[2]
    cloud.ask("UpdateCryptoKeyPrimaryVersion", name=key, crypto_key_version_id=made)
    before = as_superuser(on_cloud_kms.stack, "secrets", "SELECT count(*) FROM tenant_keys WHERE tenant = 'acme'")
    as_superuser(on_cloud_kms.stack, "secrets", "UPDATE key_care SET due = now()")

    def is_recorded() -> bool:
        return len(events(ada, action="keys.rewrap")) >= int(before[0][0])

    eventually(is_recorded)
    assert ada.ok("keys", "--json").document["kms"]["primary_version"] == made
    for version in range(1, int(made)):
        cloud.ask("DestroyCryptoKeyVersion", name=f"{key}/cryptoKeyVersions/{version}")
    on_cloud_kms.stack.kill_part("secrets")
    on_cloud_kms.stack.wait_ready(["secrets"])
    assert eventually(lambda: value_of(ada, "S")) == "1\n"


def test_shredded_keys_are_gone_and_all_else_stays(on_cloud_kms: Installation, cloud: FakeCloudKms) -> None:
    zoe = on_cloud_kms.new_app(on_cloud_kms.person("zoe@example.com", tenant="initech"), instances=0)
    zoe.ok("secrets:set", "S=1", "--no-wait")
    zoe.ok("config:set", "A=plain", "--no-wait")
    assert {release["state"] for release in settled(zoe)} <= {"succeeded", "superseded"}
    assert value_of(zoe, "S") == "1\n"
    refused = zoe("keys:shred", "--confirm", "acme")
    assert (refused.exit_code, refused.out) == (1, "")
    assert "nothing was destroyed" in refused.err
    assert value_of(zoe, "S") == "1\n"
    run = zoe.ok("keys:shred", "--confirm", "initech")
    assert "an administrator of the key service can restore its key until" in run.out
    assert "none can be read, set or released any more" in run.err
    for arguments in (["secrets:get", "S"], ["secrets:set", "S=2"], ["secrets:set", "NEW=2"], ["keys:rotate"]):
        run = zoe(*arguments)
        assert (run.exit_code, run.out) == (1, "")
        assert "The keys of your secrets were destroyed" in run.err
    on_cloud_kms.stack.kill_part("secrets")
    on_cloud_kms.stack.wait_ready(["secrets"])
    eventually(lambda: "were destroyed" in zoe("secrets:get", "S").err)
    assert [row["name"] for row in zoe.ok("secrets", "--json").document["secrets"]] == ["S"]
    zoe.ok("secrets:unset", "S", "--no-wait")
    assert {release["state"] for release in settled(zoe)[:1]} == {"succeeded"}, "without secrets it can be released"
    assert zoe.ok("config", "--json").document["vars"][0]["value"] == "plain"
    actions = [each["action"] for each in events(zoe)]
    assert {"keys.shred", "secrets.set", "config.set"} <= set(actions)
    key = f"{KEY_RING}/cryptoKeys/{crypto_key_id(tenant_key('initech'))}"
    state = cloud.ask("GetCryptoKeyVersion", name=f"{key}/cryptoKeyVersions/1").state
    assert state == CryptoKeyVersion.DESTROY_SCHEDULED


def test_it_recovers_within_seconds_of_the_kms(ada: Paas, cloud: FakeCloudKms, on_cloud_kms: Installation) -> None:
    """A restarted service has no keys in memory: nothing can be read until the KMS is back, and then all can."""
    ada.ok("secrets:set", "S=1", "--no-wait")
    cloud.stop()
    try:
        on_cloud_kms.stack.kill_part("secrets")
        eventually(lambda: ada("secrets").exit_code == 0)
        assert value_of(ada, "S") is None
        document = ada.ok("keys", "--json").document
        assert document["kms"] == {"resource": None, "primary_version": None}
        assert AWAY in ada("keys:rotate").err
    finally:
        cloud.start()
    assert eventually(lambda: value_of(ada, "S")) == "1\n"
    ada.ok("keys:rotate")
