"""What processes are told in a cluster: every setting they need, nothing they don't know, and files that are there."""

import json
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path, PurePosixPath

import pytest
from psycopg.conninfo import conninfo_to_dict

from dashboard.settings import Settings as DashboardSettings
from dashboard.settings import checked
from gateway.bootstrap import bootstrap
from gateway.process.settings import Settings as GatewayProcessSettings
from gateway.process.settings import gateway_settings
from local.ports import DASHBOARD, DATABASES, service_of
from paaskit.clock import utc_now
from paaskit.settings import SettingsError, load_settings
from services.audit.retention.__main__ import Settings as RetentionSettings
from services.audit.retention.rule import parsed_rule
from services.audit.settings import Settings as AuditSettings
from services.audit.sinks.configured import sinks_from
from services.migrations.__main__ import Settings as MigrationSettings
from services.secrets.server import key_management
from services.secrets.settings import Settings as SecretsSettings
from tests.architecture.sources import SERVICES
from tests.deploy.rendered import (
    IMAGES,
    OTHERS,
    OVERLAYS,
    WORKLOADS,
    Manifest,
    containers,
    environment,
    of_kind,
    pods,
    program_of,
)

# Credentials that no manifest may hold in production; who brings them is in docs/deploy.md.
BROUGHT = {
    **{f"{service}-credentials": {"database-password", "page-key"} for service in SERVICES},
    f"{DASHBOARD}-credentials": {"database-password", "client-secret"},
    **{f"{name}-owner": {"database-password"} for name in DATABASES},
    **{f"{name}-tls": {"tls.crt", "tls.key", "ca.crt"} for name in IMAGES},
}
_SITE = {"PROJECT": "example-1", "LOCATION": "europe-west3"}
BROUGHT["tokens-credentials"] = BROUGHT["tokens-credentials"] | {"directory-secret", "signing-key"}


RETENTION = "audit-retention"


def _settings_of(workload: str) -> type:
    if workload == "gateway":
        return GatewayProcessSettings
    if workload.endswith("-migrations"):
        return MigrationSettings
    if workload == RETENTION:
        return RetentionSettings
    return import_module(f"{program_of(workload)}.settings").Settings  # type: ignore[no-any-return]


def _main(template: Manifest) -> Manifest:
    (container,) = template["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def _ours(place: str) -> list[tuple[str, Manifest]]:
    return [(name, template) for name, template in pods(place) if name not in OTHERS]


def _with_files(told: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The same with files of this machine in the place of those in the container."""
    file = folder / "file"
    file.write_text("")
    return {name: str(file) if name.endswith("_FILE") else value for name, value in told.items()}


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_process_has_the_settings_it_needs_and_no_others(place: str, tmp_path: Path) -> None:
    seen = set()
    for name, template in _ours(place):
        kind = _settings_of(name)
        told = environment(_main(template), place)
        known = {f"PAAS_{field.name.upper()}" for field in fields(kind)}
        assert {each for each in told if each.startswith("PAAS_")} <= known, name
        load_settings(kind, _with_files(told, tmp_path))
        for each in template["spec"].get("initContainers", []):
            load_settings(MigrationSettings, _with_files(environment(each, place), tmp_path))
        seen.add(name)
    assert seen == {*WORKLOADS, *(f"{name}-migrations" for name in DATABASES), RETENTION}


@pytest.mark.parametrize("place", OVERLAYS)
def test_every_file_they_are_told_of_is_mounted_from_a_secret_that_has_it(place: str) -> None:
    made = {name: set(each["data"]) for name, each in of_kind(place, "Secret").items()}
    for name, template in _ours(place):
        volumes = {each["name"]: each for each in template["spec"]["volumes"]}
        for container in containers(template):
            mounted = {PurePosixPath(each["mountPath"]): each for each in container["volumeMounts"]}
            for variable, value in environment(container, place).items():
                if not variable.endswith("_FILE"):
                    continue
                path = PurePosixPath(value)
                mount = mounted[path.parent]
                assert mount["readOnly"], (name, variable)
                secret = volumes[mount["name"]]["secret"]
                assert secret["defaultMode"] == 0o440
                held = made if place == "local" else BROUGHT
                assert path.name in held[secret["secretName"]], (name, variable)


def test_no_manifest_for_production_holds_a_secret() -> None:
    assert of_kind("production", "Secret") == {}


@pytest.mark.parametrize("place", OVERLAYS)
def test_a_service_is_its_own_role_and_its_migrations_are_the_owner(place: str) -> None:
    for name, template in _ours(place):
        if name == "gateway":
            continue
        service = service_of(name.removesuffix("-migrations").removesuffix("-retention"))
        owner = f"{service}_owner" if name.endswith(("-migrations", "-retention")) else service
        for container in containers(template):
            database = conninfo_to_dict(environment(container, place)["PAAS_DATABASE_URL"])
            assert (database["user"], database["dbname"]) == (owner, service)
            assert "password" not in database
            if place == "production":
                assert database["sslmode"] == "verify-full"


@pytest.mark.parametrize("place", OVERLAYS)
def test_addresses_are_of_services_that_there_are(place: str) -> None:
    services = of_kind(place, "Service")
    for name, template in _ours(place):
        for variable, value in environment(_main(template), place).items():
            # Where Keycloak is, which is no service: test_sign_in.
            if not variable.startswith("PAAS_") or not variable.endswith("_ADDRESS") or variable == "PAAS_SSO_ADDRESS":
                continue
            host, _, port = value.removeprefix("dns:///").rpartition(":")
            assert services[host]["spec"]["clusterIP"] == "None", (name, variable)
            assert [each["port"] for each in services[host]["spec"]["ports"]] == [int(port)]
            meant = variable.removeprefix("PAAS_").removesuffix("_ADDRESS").lower()
            suffix = "public" if name == "gateway" and meant in SERVICES else "internal"
            assert host == f"{meant.replace('_', '-')}-{suffix}"


def test_the_gateway_s_configuration_can_be_made_of_what_it_is_told(tmp_path: Path) -> None:
    told = environment(_main(dict(pods("production"))["gateway"]), "production")
    settings = load_settings(GatewayProcessSettings, _with_files(told, tmp_path))
    made = bootstrap(gateway_settings(settings))
    assert {each["type"] for each in made["static_resources"]["clusters"]} == {"STRICT_DNS"}


@pytest.mark.parametrize("place", OVERLAYS)
def test_events_are_kept_for_ever_unless_somebody_says_otherwise(place: str) -> None:
    told = environment(_main(dict(pods(place))[RETENTION]), place)
    assert parsed_rule(told["PAAS_AUDIT_RETENTION"]) is None


def test_a_gateway_without_a_dashboard_has_no_pages_and_one_with_half_of_it_does_not_start(tmp_path: Path) -> None:
    told = environment(_main(dict(pods("production"))["gateway"]), "production")
    both = {"PAAS_DASHBOARD_ADDRESS", "PAAS_DASHBOARD_LISTEN"}
    for left in (set(), *({each} for each in both)):
        some = {name: value for name, value in told.items() if name not in both or name in left}
        settings = load_settings(GatewayProcessSettings, _with_files(some, tmp_path))
        if left:
            with pytest.raises(SettingsError, match="PAAS_DASHBOARD_ADDRESS and PAAS_DASHBOARD_LISTEN go together"):
                gateway_settings(settings)
            continue
        made = bootstrap(gateway_settings(settings))["static_resources"]
        assert {each["name"] for each in made["listeners"]} == {"public", "health"}
        assert DASHBOARD not in {each["name"] for each in made["clusters"]}
        assert "/runtime/dashboard/" not in json.dumps(made)


@pytest.mark.parametrize("place", OVERLAYS)
def test_the_dashboard_starts_with_what_it_is_told(place: str, tmp_path: Path) -> None:
    told = environment(_main(dict(pods(place))[DASHBOARD]), place)
    settings = checked(load_settings(DashboardSettings, _with_files(told, tmp_path)))
    assert settings.sso_issuer
    # Production's is reached at the address of its name.
    assert bool(settings.sso_address) == (place == "local")


def test_production_has_nothing_that_is_for_one_machine() -> None:
    told = [environment(_main(template), "production") for _, template in _ours("production")]
    assert {each["PAAS_ENVIRONMENT"] for each in told if "PAAS_ENVIRONMENT" in each} == {"production"}
    assert [each for each in told if each.get("PAAS_KMS_PROVIDER") == "local" or "PAAS_KMS_KEY_FILE" in each] == []


def test_production_s_keys_are_in_cloud_kms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a key ring once it is filled in, and then all that is missing here is Google's credentials."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none"))
    told = environment(_main(dict(pods("production"))["secrets"]), "production")
    for filled_in, sentence in (({}, "PAAS_KMS_KEY_RING is not of the form"), (_SITE, "needs credentials of Google's")):
        ring = told["PAAS_KMS_KEY_RING"]
        for placeholder, value in filled_in.items():
            ring = ring.replace(placeholder, value)
        settings = load_settings(SecretsSettings, _with_files({**told, "PAAS_KMS_KEY_RING": ring}, tmp_path))
        with pytest.raises(SettingsError, match=sentence):
            key_management(settings)


async def test_what_is_told_of_sinks_is_whole(tmp_path: Path) -> None:
    told = environment(_main(dict(pods("sinks"))["audit"]), "sinks")
    assert PurePosixPath(told["PAAS_SINK_WEBHOOK_SECRET_FILES"]).parent == PurePosixPath("/etc/paas/credentials")
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + "c2Vj" * 8)
    told = _with_files(told, tmp_path) | {"PAAS_SINK_WEBHOOK_SECRET_FILES": str(secret)}
    (made,) = sinks_from(load_settings(AuditSettings, told), clock=utc_now)
    assert made.name == "webhook"
    await made.sink.close()
