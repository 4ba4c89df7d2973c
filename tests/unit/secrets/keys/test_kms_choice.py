"""Where secrets refuses to start for what its settings say of the KMS: unknown, missing, weaker than it should be."""

import base64
import os
from dataclasses import replace
from pathlib import Path

import pytest

from paaskit.settings import SettingsError
from services.secrets.keys.kms import KmsSettings, open_key_management
from services.secrets.keys.kms.choice import is_loopback
from services.secrets.keys.kms.local import LocalKeyManagement

RING = "projects/example-1/locations/europe-west3/keyRings/paas"
GCP = KmsSettings(provider="gcp", key_ring=RING, endpoint="127.0.0.1:1", environment="local")


@pytest.fixture
def local(tmp_path: Path) -> KmsSettings:
    """Settings of one machine."""
    return KmsSettings(provider="local", key_file=key_file(tmp_path), environment="local")


def key_file(folder: Path, raw: bytes | None = None) -> Path:
    path = folder / "kms.key"
    path.write_bytes(base64.b64encode(os.urandom(32)) if raw is None else raw)
    return path


def refused(settings: KmsSettings) -> str:
    """The sentence that the service ends with."""
    with pytest.raises(SettingsError) as caught:
        open_key_management(settings)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize("raw", [b"", b"short", b"AAAA", b"\xff\xfe", base64.b64encode(bytes(31)), b"!" * 44], ids=repr)
def test_a_key_file_with_something_else_is_refused(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(SettingsError, match="PAAS_KMS_KEY_FILE") as caught:
        LocalKeyManagement(key_file(tmp_path, raw))
    assert not raw or raw.decode("latin-1") not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("environment", ["production", "", "Local", "staging"])
def test_the_local_provider_refuses_production(local: KmsSettings, environment: str) -> None:
    assert "not for production" in refused(replace(local, environment=environment))


@pytest.mark.parametrize("provider", ["", "none", "plain", "LOCAL", "GCP", "aws"])
def test_an_unknown_provider_is_refused(local: KmsSettings, provider: str) -> None:
    sentence = refused(replace(local, provider=provider))
    assert sentence.startswith("PAAS_KMS_PROVIDER: ")
    assert "gcp (Cloud KMS) and local" in sentence


def test_the_local_provider_needs_a_key_file(local: KmsSettings) -> None:
    assert "PAAS_KMS_KEY_FILE is not set" in refused(replace(local, key_file=None))


def test_one_provider_does_not_take_the_place_of_the_other(local: KmsSettings) -> None:
    assert "PAAS_KMS_PROVIDER is local" in refused(replace(local, key_ring=RING))
    assert "PAAS_KMS_PROVIDER is local" in refused(replace(local, endpoint="127.0.0.1:1"))
    assert "PAAS_KMS_PROVIDER is gcp" in refused(replace(GCP, key_file=local.key_file))


def test_gcp_needs_a_key_ring() -> None:
    assert refused(replace(GCP, key_ring="")).startswith("PAAS_KMS_KEY_RING is not set")


@pytest.mark.parametrize(
    "ring",
    ["paas", RING + "/", RING + "/cryptoKeys/x", RING + "\n", "/" + RING, RING.replace("example", "../x"), RING + "ü"],
)
def test_a_key_ring_of_another_form_is_refused(ring: str) -> None:
    assert refused(replace(GCP, key_ring=ring)).startswith("PAAS_KMS_KEY_RING is not of the form")


@pytest.mark.parametrize("ring", [RING, "projects/example.com:p/locations/global/keyRings/A_b-1"])
async def test_key_rings_as_google_has_them(ring: str) -> None:
    await open_key_management(replace(GCP, key_ring=ring)).close()


@pytest.mark.parametrize("endpoint", ["host", "host:", ":1", "https://host:1", "host:1/x", "a b:1", "host:1\n"])
def test_an_endpoint_of_another_form_is_refused(endpoint: str) -> None:
    assert "PAAS_KMS_ENDPOINT is not of the form host:port" in refused(replace(GCP, endpoint=endpoint))


@pytest.mark.parametrize("endpoint", ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"])
def test_without_tls_it_is_for_this_machine_and_not_in_production(endpoint: str) -> None:
    assert is_loopback(endpoint)
    for environment in ("production", "staging", ""):
        assert "not for production" in refused(replace(GCP, endpoint=endpoint, environment=environment))


@pytest.mark.parametrize(
    "endpoint",
    ["cloudkms.googleapis.com:443", "localhost:1", "10.0.0.1:1", "127.0.0.1.example.com:1", "[::2]:1", "0.0.0.0:1"],
)
def test_everything_else_is_called_with_tls_and_credentials(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which there are none of here, so that it is refused."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/credentials.json")
    assert not is_loopback(endpoint)
    for environment in ("local", "production"):
        sentence = refused(replace(GCP, endpoint=endpoint, environment=environment))
        assert "needs credentials of Google's" in sentence
        assert "nowhere" not in sentence
