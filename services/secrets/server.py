"""The composition root of secrets: builds everything once and names what is served. No rules."""

from contextlib import suppress

from paas.secrets.v1 import secrets_pb2, secrets_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.errors import Unavailable
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.outbox import Outbox, Relay
from paaskit.paging import load_pages
from paaskit.releases import Releases
from paaskit.server import Assembly, Exposed
from paaskit.settings import SettingsError
from paaskit.trail import Trail
from services.secrets.domain import Vault
from services.secrets.internal import Internal
from services.secrets.internal_rpc import SecretsInternalServicer
from services.secrets.keyring import Keyring
from services.secrets.kms import open_key_management
from services.secrets.kms_check import KmsCheck, WrongKeyError
from services.secrets.names import Names
from services.secrets.overlaps import Overlaps
from services.secrets.reveal import Revealer
from services.secrets.reveal_store import RevealStore
from services.secrets.rpc import SecretsServicer
from services.secrets.sealing import Sealer
from services.secrets.settings import Settings
from services.secrets.store import FREE_NAMES, Store

_SERVICES = secrets_pb2.DESCRIPTOR.services_by_name


async def assemble(settings: Settings) -> Assembly:
    """Build secrets from its settings."""
    kms = open_key_management(
        provider=settings.kms_provider, key_file=settings.kms_key_file, environment=settings.environment
    )
    database = Database(settings.database_url, password_file=settings.database_password_file, service="secrets")
    await database.open()
    tokens = open_channel(settings.tokens_address, service="tokens", tls=settings)
    audit = open_channel(settings.audit_address, service="audit", tls=settings)
    config = open_channel(settings.config_address, service="config", tls=settings)
    releaser = open_channel(settings.releaser_address, service="releaser", tls=settings)

    trail = Trail(database, audit)
    releases = Releases(database, releaser)
    names = Names(database, config)
    store = Store(database, trail=trail, releases=releases)
    check = KmsCheck(database, kms)
    await _refuse_wrong_key(check)
    sealer = Sealer(Keyring(store, kms, check=check, clock=utc_now))
    vault = Vault(store, names, sealer, releases, new_id=random_id, clock=utc_now)
    revealer = Revealer(RevealStore(database, trail), names, sealer)
    internal = Internal(store, sealer)
    overlaps = Overlaps(database, trail=trail, releases=releases, clock=utc_now)

    async def close() -> None:
        for channel in (tokens, audit, config, releaser):
            await channel.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                _SERVICES["SecretsService"],
                secrets_pb2_grpc.add_SecretsServiceServicer_to_server,
                SecretsServicer(vault, revealer, store, names, load_pages(settings.page_key_file)),
            ),
            Exposed(
                _SERVICES["SecretsInternalService"],
                secrets_pb2_grpc.add_SecretsInternalServiceServicer_to_server,
                SecretsInternalServicer(internal),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={
            "audit_relay": trail.run,
            "release_relay": releases.run,
            "names_relay": Relay(database, destination=FREE_NAMES, deliver=names.deliver).run,
            "overlaps": overlaps.run,
        },
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
    )


async def _refuse_wrong_key(check: KmsCheck) -> None:
    """Don't start with the wrong key. Where the database is away it is told before the first key is used."""
    with suppress(Unavailable):
        try:
            await check.confirm()
        except WrongKeyError as wrong:
            raise SettingsError(f"PAAS_KMS_PROVIDER, PAAS_KMS_KEY_FILE: {wrong.message}") from None
