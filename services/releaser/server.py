"""The composition root of releaser."""

from paas.releaser.v1 import releaser_pb2, releaser_pb2_grpc

from paaskit.channels import open_channel
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.gate import Sessions
from paaskit.gate.ended_tokens import ended_from
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.listeners import Exposed
from paaskit.outbox import Outbox
from paaskit.paging import load_pages
from paaskit.requests import Expiry
from paaskit.server import Assembly
from paaskit.trail import Trail
from paaskit.wakeups import Wakeups
from paaskit.write_path import WritePath
from services.releaser.apps import Apps
from services.releaser.by_hand.drafts import Drafts
from services.releaser.by_hand.execution import Execution
from services.releaser.by_hand.left_over import LeftOver
from services.releaser.by_hand.rollback import Rollbacks
from services.releaser.domain import AppKey
from services.releaser.logs import Logs
from services.releaser.neighbours import ConfigService, SecretsService
from services.releaser.releases import Releases, Requests
from services.releaser.rpc import ReleaserInternalServicer, ReleaserServicer
from services.releaser.runtimes.choice import ChooseRuntime, Given, choose_runtime
from services.releaser.settings import Settings
from services.releaser.store.apps import AppStore
from services.releaser.store.by_hand import ByHandStore
from services.releaser.store.drifts import DriftStore
from services.releaser.store.leases import LeaseStore
from services.releaser.store.members import MemberStore
from services.releaser.store.order_book import OrderBook
from services.releaser.store.pins import PinStore
from services.releaser.store.releases import ReleaseStore
from services.releaser.store.settlements import SettlementStore
from services.releaser.store.standing import QueueStanding
from services.releaser.store.work import WorkStore
from services.releaser.work.groups.fan_out import FanOut
from services.releaser.work.rollout import Rollout
from services.releaser.work.runner import Pace, Runner
from services.releaser.work.standing import QueueShown
from services.releaser.work.states import States
from services.releaser.work.undo import Undoer


async def assemble(settings: Settings, *, choose: ChooseRuntime | None = None, core_bytes: int = 0) -> Assembly:
    """Build everything, with the runtime that `choose` gives. Raises SettingsError for a runtime there is none of.

    `core_bytes` is the largest core file that an app of this machine may leave, -1 for any.
    """
    tokens = open_channel(settings.tokens_address, service="tokens", tls=settings)
    audit = open_channel(settings.audit_address, service="audit", tls=settings)
    config_channel = open_channel(settings.config_address, service="config", tls=settings)
    secrets_channel = open_channel(settings.secrets_address, service="secrets", tls=settings)
    config, secrets = ConfigService(config_channel), SecretsService(secrets_channel)

    database = Database(settings.database_url, password_file=settings.database_password_file, service="releaser")
    trail = Trail(database, audit)
    wakeups = Wakeups[AppKey]()
    app_store, release_store = AppStore(database), ReleaseStore(database)
    leases = LeaseStore(
        database,
        holder=random_id(),
        share=settings.releases_of_tenant_at_once,
        at_once=settings.releases_at_once,
    )
    work = WorkStore(database, trail, leases)

    drifts = DriftStore(database, trail)
    states = States(config, secrets, release_store)
    chosen = await (choose or choose_runtime)(
        Given(settings=settings, database=database, drifts=drifts, source=states.desired_release, core_bytes=core_bytes)
    )
    runtime = chosen.runtime
    fan_out = FanOut(MemberStore(database, leases), work, states, config=config, wakeups=wakeups)
    runner = Runner(
        leases,
        work,
        rollout=Rollout(work, states, PinStore(database, leases), fan_out=fan_out, runtime=runtime, wakeups=wakeups),
        undoer=Undoer(SettlementStore(leases), release_store, config=config, secrets=secrets, wakeups=wakeups),
        runtime=runtime,
        wakeups=wakeups,
        pace=Pace(
            at_once=settings.releases_at_once,
            spacing_seconds=settings.spacing_seconds,
            spread_seconds=settings.spread_seconds,
        ),
    )

    apps = Apps(app_store, config)
    by_hand = ByHandStore(database, WritePath(database, trail=trail))
    execution = Execution(by_hand, config=config, secrets=secrets, wake=runner.wake)
    pages = load_pages(settings.page_key_file)
    releases = Releases(
        apps,
        release_store,
        drifts,
        share=settings.releases_of_tenant_at_once,
        runtime=runtime,
        wakeups=wakeups,
        pages=pages,
    )
    drafts = Drafts(apps, by_hand, execution, config=config, secrets=secrets)
    rollbacks = Rollbacks(apps, release_store, by_hand, execution=execution, config=config, secrets=secrets)
    logs = Logs(apps, runtime, states.ever_injected, wakeups=wakeups)
    left_over = LeftOver(by_hand, execution)
    requests = Requests(
        OrderBook(database),
        app_store,
        wakeups,
        ordered=runner.ordered,
        wake=runner.wake,
        interrupt=runner.interrupt,
    )
    await database.open()

    async def work_in_turn() -> None:
        await runner.run(predecessor=await chosen.turn(leases.holder))

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
                ReleaserServicer(releases, drafts, rollbacks, logs),
            ),
            Exposed(
                services["ReleaserInternalService"],
                releaser_pb2_grpc.add_ReleaserInternalServiceServicer_to_server,
                ReleaserInternalServicer(requests),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={
            "audit_relay": trail.run,
            "request_expiry": Expiry(database).run,
            "runner": work_in_turn,
            "queue": QueueShown(QueueStanding(database, share=settings.releases_of_tenant_at_once)).run,
            "runtime": runtime.run,
            "left_over": left_over.run,
        },
        sessions=Sessions(ended_from(tokens)),
        ready=database.ready,
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
        stopping=wakeups.close,
    )
