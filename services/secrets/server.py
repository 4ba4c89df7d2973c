"""The composition root of secrets: builds everything once and names what is served. No rules."""

from contextlib import suppress

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.listeners import Exposed
from paaskit.outbox import Outbox
from paaskit.paging import load_pages
from paaskit.releases import Releases
from paaskit.requests import Expiry
from paaskit.server import Assembly
from paaskit.settings import SettingsError
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.secrets.backlog import Backlog
from services.secrets.changes import Changes
from services.secrets.drafts import Drafts
from services.secrets.environment import Environments
from services.secrets.for_release import ForRelease
from services.secrets.internal_rpc import SecretsInternalServicer
from services.secrets.keys.keyring import Keyring, hold_for
from services.secrets.keys.kms import KeyManagement, KeyRingMissingError, KmsSettings, open_key_management
from services.secrets.keys.kms_check import KmsCheck, WrongKeyError
from services.secrets.keys.wrapping import Wrapping
from services.secrets.keys_rpc import KeysServicer
from services.secrets.left_claims import LeftClaims
from services.secrets.listing import Listing
from services.secrets.managed import Managed
from services.secrets.overlaps import Overlaps
from services.secrets.registry import Registry
from services.secrets.reveal import Revealer
from services.secrets.revert import Reverts
from services.secrets.rotation.care import KeyCare
from services.secrets.rotation.operations import KeyOperations
from services.secrets.rotation.reencryption import Reencryption
from services.secrets.rotation.shredding import Shredding
from services.secrets.rpc import SecretsServicer
from services.secrets.settings import Settings
from services.secrets.store import Store
from services.secrets.store.due import DueRows
from services.secrets.store.environments import EnvironmentStore
from services.secrets.store.generations import Generations
from services.secrets.store.key_care import KeyCareSchedule
from services.secrets.store.older import OlderValues
from services.secrets.store.readings import Readings
from services.secrets.store.reminders import ReminderRows
from services.secrets.store.reveals import RevealStore
from services.secrets.store.tenant_keys import KeyStore
from services.secrets.upkeep.deliveries import Deliveries
from services.secrets.upkeep.due import DueLists
from services.secrets.upkeep.reminders import Reminders
from services.secrets.upkeep.terms import TermsOfSecrets
from services.secrets.vault import Vault

_SERVICES = secrets_pb2.DESCRIPTOR.services_by_name


async def assemble(settings: Settings) -> Assembly:
    """Build secrets from its settings."""
    held_for, kms = hold_for(settings.kms_keys_held_seconds), key_management(settings)
    database = Database(settings.database_url, password_file=settings.database_password_file, service="secrets")
    await database.open()
    tokens = open_channel(settings.tokens_address, service="tokens", tls=settings)
    audit = open_channel(settings.audit_address, service="audit", tls=settings)
    config = open_channel(settings.config_address, service="config", tls=settings)
    releaser = open_channel(settings.releaser_address, service="releaser", tls=settings)

    trail = Trail(database, audit)
    releases = Releases(database, releaser)
    write_path = WritePath(database, trail=trail, releases=releases)
    store, readings, key_store = Store(database, write_path), Readings(database, write_path), KeyStore(database)
    registry = Registry(database, config)
    check = KmsCheck(key_store, kms)
    await refuse_wrong_key(check)
    wrapping = Wrapping(kms, check)
    keyring = Keyring(key_store, wrapping, clock=utc_now, held_for=held_for)
    generations, schedule = Generations(database, write_path), KeyCareSchedule(database)
    shredding = Shredding(schedule, wrapping)
    values = [OlderValues(database, staged=staged) for staged in (False, True)]
    care = KeyCare(
        schedule,
        generations,
        wrapping,
        reencryption=Reencryption(keyring, *values),
        shredding=shredding,
        forget=keyring.forget,
        clock=utc_now,
    )

    backlog = Backlog(database, most=settings.most_undelivered_events)

    def keys_changed(tenant: str) -> None:
        keyring.forget(tenant)
        care.wake()

    changes = Changes(store, registry, keyring, new_id=random_id, clock=utc_now)
    drafts = Drafts(store, readings, changes)
    due = DueRows(database)
    deliveries = Deliveries(due, clock=utc_now)
    given = deliveries.given
    public = SecretsServicer(
        Vault(changes, keyring, registry, releases, new_id=random_id, clock=utc_now),
        Revealer(RevealStore(database, trail), registry, keyring, backlog=backlog, given=given),
        Environments(
            EnvironmentStore(database, write_path),
            registry,
            keyring,
            backlog=backlog,
            record=trail.record,
            given=given,
        ),
        Listing(readings, drafts, registry, clock=utc_now),
        load_pages(settings.page_key_file),
        terms=TermsOfSecrets(changes, clock=utc_now),
        due=DueLists(due, clock=utc_now),
    )
    keys = KeysServicer(KeyOperations(generations, wrapping, shredding=shredding, changed=keys_changed, clock=utc_now))
    internal = SecretsInternalServicer(
        store,
        for_release=ForRelease(store, readings, keyring, given=given),
        reverts=Reverts(store, changes, registry),
        drafts=drafts,
        managed=Managed(store, changes),
    )

    async def close() -> None:
        with suppress(Unavailable):  # what nobody hears of now is heard of when it is given out again
            await deliveries.write()
        for channel in (tokens, audit, config, releaser):
            await channel.close()
        await kms.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                _SERVICES["SecretsService"],
                secrets_pb2_grpc.add_SecretsServiceServicer_to_server,
                public,
            ),
            Exposed(
                _SERVICES["KeysService"],
                secrets_pb2_grpc.add_KeysServiceServicer_to_server,
                keys,
            ),
            Exposed(
                _SERVICES["SecretsInternalService"],
                secrets_pb2_grpc.add_SecretsInternalServiceServicer_to_server,
                internal,
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={
            "backlog": backlog.run,
            "audit_relay": trail.run,
            "request_expiry": Expiry(database).run,
            "release_relay": releases.run,
            "names_relay": registry.run,
            "overlaps": Overlaps(store, changes, releases, clock=utc_now).run,
            "left_claims": LeftClaims(store, changes).run,
            "reminders": Reminders(ReminderRows(database, write_path), clock=utc_now).run,
            "deliveries": deliveries.run,
            "key_care": care.run,
            "destroyed_keys": care.run_forgetting,
        },
        ready=database.ready,
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
    )


async def refuse_wrong_key(check: KmsCheck) -> None:
    """Don't start with the wrong key. Where the database or the KMS is away it is told before a key is used."""
    with suppress(Unavailable):
        try:
            await check.confirm()
        except KeyRingMissingError:
            raise SettingsError("PAAS_KMS_KEY_RING: there is no such key ring; make it first (docs/keys.md).") from None
        except WrongKeyError as wrong:
            raise SettingsError(f"PAAS_KMS_PROVIDER, PAAS_KMS_KEY_FILE, PAAS_KMS_KEY_RING: {wrong.message}") from None


def key_management(settings: Settings) -> KeyManagement:
    """Return who keeps the keys. Raises SettingsError where the settings don't say, or say what is too weak."""
    return open_key_management(
        KmsSettings(
            provider=settings.kms_provider,
            key_file=settings.kms_key_file,
            key_ring=settings.kms_key_ring,
            endpoint=settings.kms_endpoint,
            environment=settings.environment,
        )
    )
