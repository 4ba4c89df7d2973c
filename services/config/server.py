"""The composition root of config: builds everything once and names what is served. No rules."""

from paas.config.v1 import config_pb2, config_pb2_grpc, groups_pb2, groups_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.listeners import Exposed
from paaskit.outbox import Outbox
from paaskit.paging import load_pages
from paaskit.releases import Releases
from paaskit.requests import Expiry
from paaskit.server import Assembly
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.config.groups_rpc import GroupsServicer
from services.config.internal_rpc import ConfigInternalServicer
from services.config.neighbours import PURGE, REMOVE, Post, Remover, Vault
from services.config.rpc import ConfigServicer
from services.config.rules.addons import Addons
from services.config.rules.apps import Apps
from services.config.rules.groups import Groups
from services.config.rules.mutations import Mutations
from services.config.rules.names import Names
from services.config.rules.restore import History
from services.config.rules.staged import Drafts
from services.config.rules.uses import Uses
from services.config.rules.vars import Vars
from services.config.settings import Settings
from services.config.store.apps import AppStore
from services.config.store.changes import Store
from services.config.store.groups import GroupLists
from services.config.store.left_over import LeftOver
from services.config.store.lists import Lists

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
    path = WritePath(database, trail=trail, releases=releases)
    store, lists, left_over = Store(database, path), Lists(database), LeftOver(database, clock=utc_now)
    vault = Vault(secrets)
    post = Post(database, left_over, vault=vault, remover=Remover(releaser))

    mutations = Mutations(store, releases, new_id=random_id, clock=utc_now)
    app_store = AppStore(path, farewells=[PURGE, REMOVE])
    apps = Apps(app_store, lists, mutations, post, new_id=random_id, clock=utc_now)
    groups = Groups(app_store, store, GroupLists(database), post, new_id=random_id, clock=utc_now)
    drafts = Drafts(store, lists)
    pages = load_pages(settings.page_key_file)
    addons = Addons(store, left_over, mutations, vault=vault, post=post, new_id=random_id, clock=utc_now)

    async def close() -> None:
        for channel in (tokens, audit, secrets, releaser):
            await channel.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                _SERVICES["ConfigService"],
                config_pb2_grpc.add_ConfigServiceServicer_to_server,
                ConfigServicer(
                    config_vars=Vars(mutations),
                    apps=apps,
                    drafts=drafts,
                    groups=groups,
                    lists=lists,
                    pages=pages,
                ),
            ),
            Exposed(
                groups_pb2.DESCRIPTOR.services_by_name["GroupsService"],
                groups_pb2_grpc.add_GroupsServiceServicer_to_server,
                GroupsServicer(groups=groups, uses=Uses(mutations), pages=pages),
            ),
            Exposed(
                _SERVICES["ConfigInternalService"],
                config_pb2_grpc.add_ConfigInternalServiceServicer_to_server,
                ConfigInternalServicer(
                    names=Names(store),
                    history=History(store),
                    drafts=drafts,
                    addons=addons,
                    groups=groups,
                    lists=lists,
                    store=store,
                ),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={
            "audit_relay": trail.run,
            "request_expiry": Expiry(database).run,
            "release_relay": releases.run,
            **post.background,
            "attachings": addons.run,
        },
        ready=database.ready,
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
    )
