"""The composition root of releaser."""

from collections.abc import Callable
from pathlib import Path

from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.outbox import Outbox
from paaskit.paging import load_pages
from paaskit.server import Assembly, Exposed
from paaskit.settings import SettingsError
from paaskit.trail import Trail
from paaskit.write_path import WritePath
from services.releaser.apps import Apps
from services.releaser.by_hand.drafts import Drafts
from services.releaser.by_hand.execution import Execution
from services.releaser.by_hand.left_over import LeftOver
from services.releaser.by_hand.rollback import Rollbacks
from services.releaser.instances import Limits
from services.releaser.local import LocalRuntime
from services.releaser.neighbours import ConfigService, SecretsService
from services.releaser.releases import Releases, Requests
from services.releaser.rpc import ReleaserInternalServicer, ReleaserServicer
from services.releaser.runtime import DeploymentSource, Runtime
from services.releaser.settings import Settings
from services.releaser.store.apps import AppStore
from services.releaser.store.by_hand import ByHandStore
from services.releaser.store.leases import LeaseStore
from services.releaser.store.order_book import OrderBook
from services.releaser.store.releases import ReleaseStore
from services.releaser.store.settlements import SettlementStore
from services.releaser.store.work import WorkStore
from services.releaser.watches import Watches
from services.releaser.work.rollout import Rollout, States
from services.releaser.work.runner import Pace, Runner
from services.releaser.work.undo import Undoer

ChooseRuntime = Callable[[Settings, DeploymentSource], Runtime]
"""Returns what runs apps, given where it gets the values of what it has to start again."""


async def assemble(settings: Settings, *, choose: ChooseRuntime | None = None) -> Assembly:
    """Build everything, with the runtime that `choose` gives. Raises SettingsError for a runtime there is none of."""
    tokens = open_channel(settings.tokens_address, service="tokens", tls=settings)
    audit = open_channel(settings.audit_address, service="audit", tls=settings)
    config_channel = open_channel(settings.config_address, service="config", tls=settings)
    secrets_channel = open_channel(settings.secrets_address, service="secrets", tls=settings)
    config, secrets = ConfigService(config_channel), SecretsService(secrets_channel)

    database = Database(settings.database_url, password_file=settings.database_password_file, service="releaser")
    trail = Trail(database, audit)
    watches = Watches()
    app_store, release_store = AppStore(database), ReleaseStore(database)
    leases = LeaseStore(database, holder=random_id())
    work = WorkStore(database, trail, leases)

    states = States(config, secrets, release_store)
    runtime = (choose or choose_runtime)(settings, states.deployment)
    runner = Runner(
        leases,
        work,
        rollout=Rollout(work, states, runtime=runtime, watches=watches),
        undoer=Undoer(SettlementStore(leases), release_store, config=config, secrets=secrets, watches=watches),
        runtime=runtime,
        watches=watches,
        pace=Pace(at_once=settings.releases_at_once, spacing_seconds=settings.spacing_seconds),
    )

    apps = Apps(app_store, config)
    by_hand = ByHandStore(database, WritePath(database, trail=trail))
    execution = Execution(by_hand, config=config, secrets=secrets, wake=runner.wake)
    pages = load_pages(settings.page_key_file)
    releases = Releases(apps, release_store, runtime=runtime, watches=watches, pages=pages)
    drafts = Drafts(apps, by_hand, execution, config=config, secrets=secrets)
    rollbacks = Rollbacks(apps, release_store, by_hand, execution=execution, config=config, secrets=secrets)
    left_over = LeftOver(by_hand, execution)
    requests = Requests(
        OrderBook(database),
        app_store,
        watches,
        ordered=runner.ordered,
        wake=runner.wake,
        interrupt=runner.interrupt,
    )
    await database.open()

    async def close() -> None:
        await runtime.close()
        for channel in (tokens, audit, config_channel, secrets_channel):
            await channel.close()
        await database.close()

    services = releaser_pb2.DESCRIPTOR.services_by_name
    return Assembly(
        exposed=[
            Exposed(
                services["ReleaserService"],
                releaser_pb2_grpc.add_ReleaserServiceServicer_to_server,
                ReleaserServicer(releases, drafts, rollbacks),
            ),
            Exposed(
                services["ReleaserInternalService"],
                releaser_pb2_grpc.add_ReleaserInternalServiceServicer_to_server,
                ReleaserInternalServicer(requests),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={"audit_relay": trail.run, "runner": runner.run, "runtime": runtime.run, "left_over": left_over.run},
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
        stopping=watches.stop,
    )


def choose_runtime(settings: Settings, source: DeploymentSource) -> Runtime:
    """Return the runtime that the settings name. Raises SettingsError for any other."""
    if settings.runtime != "local":
        raise SettingsError("PAAS_RUNTIME names a runtime there is none of; it is local.")
    if not settings.runtime_dir:
        raise SettingsError("PAAS_RUNTIME_DIR is not set. The folder of the local runtime.")
    limits = Limits(ready_timeout=settings.ready_timeout_seconds, grace=settings.grace_seconds)
    return LocalRuntime(Path(settings.runtime_dir).resolve(), limits=limits, source=source, clock=utc_now)
