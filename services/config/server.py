"""The composition root of config: builds everything once and names what is served. No rules."""

from paas.config.v1 import config_pb2, config_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.outbox import Relay
from paaskit.paging import load_pages
from paaskit.releases import Releases
from paaskit.server import Assembly, Exposed
from paaskit.trail import Trail
from services.config.app_store import PURGE, REMOVE, AppStore
from services.config.apps import Apps
from services.config.domain import Registry
from services.config.internal import Internal
from services.config.internal_rpc import ConfigInternalServicer
from services.config.neighbours import Remover, Vault, purge_message, remove_message
from services.config.rpc import ConfigServicer
from services.config.settings import Settings
from services.config.store import Store

_SERVICES = config_pb2.DESCRIPTOR.services_by_name


async def assemble(settings: Settings) -> Assembly:
    """Build config from its settings."""
    database = Database(settings.database_url, password_file=settings.database_password_file, service="config")
    await database.open()
    tokens = open_channel(settings.tokens_address, service="tokens", tls=settings)
    audit = open_channel(settings.audit_address, service="audit", tls=settings)
    secrets = open_channel(settings.secrets_address, service="secrets", tls=settings)
    releaser = open_channel(settings.releaser_address, service="releaser", tls=settings)

    trail = Trail(database, audit)
    releases = Releases(database, releaser)
    store = Store(database, trail=trail, releases=releases)
    app_store = AppStore(
        database, trail=trail, releases=releases, farewells={PURGE: purge_message, REMOVE: remove_message}
    )
    vault, remover = Vault(secrets), Remover(releaser)
    registry = Registry(store, releases, new_id=random_id)
    apps = Apps(app_store, registry, releases, new_id=random_id)
    internal = Internal(store, registry, vault)

    async def close() -> None:
        for channel in (tokens, audit, secrets, releaser):
            await channel.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                _SERVICES["ConfigService"],
                config_pb2_grpc.add_ConfigServiceServicer_to_server,
                ConfigServicer(registry, apps, store, load_pages(settings.page_key_file)),
            ),
            Exposed(
                _SERVICES["ConfigInternalService"],
                config_pb2_grpc.add_ConfigInternalServiceServicer_to_server,
                ConfigInternalServicer(internal, apps, store),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={
            "audit_relay": trail.run,
            "release_relay": releases.run,
            "purge_relay": Relay(database, destination=PURGE, deliver=vault.purge).run,
            "remove_relay": Relay(database, destination=REMOVE, deliver=remover.remove).run,
        },
        close=close,
        foreign_rules={},
    )
