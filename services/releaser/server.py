"""The composition root of releaser."""

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
from services.releaser.instances import Limits
from services.releaser.local import LocalRuntime
from services.releaser.neighbours import ConfigService, SecretsService
from services.releaser.releasing import Releases
from services.releaser.rollout import Rollout, States
from services.releaser.rpc import ReleaserInternalServicer, ReleaserServicer
from services.releaser.runner import Pace, Runner
from services.releaser.runtime import DeploymentSource, Runtime
from services.releaser.settings import Settings
from services.releaser.store import Store
from services.releaser.undoing import Undoing
from services.releaser.watching import Changes
from services.releaser.work_store import WorkStore


async def assemble(settings: Settings) -> Assembly:
    """Build everything. Raises SettingsError for a runtime there is none of."""
    tokens = open_channel(settings.tokens_address, service="tokens", tls=settings)
    audit = open_channel(settings.audit_address, service="audit", tls=settings)
    config_channel = open_channel(settings.config_address, service="config", tls=settings)
    secrets_channel = open_channel(settings.secrets_address, service="secrets", tls=settings)
    config, secrets = ConfigService(config_channel), SecretsService(secrets_channel)

    database = Database(settings.database_url, password_file=settings.database_password_file, service="releaser")
    trail = Trail(database, audit)
    store = Store(database, trail)
    work = WorkStore(database, trail, holder=random_id())
    changes = Changes()

    states = States(config, secrets, store)
    runtime = choose_runtime(settings, states.deployment)
    rollout = Rollout(work, states, runtime=runtime, changes=changes)
    undoing = Undoing(work, config=config, secrets=secrets, changes=changes)
    pace = Pace(at_once=settings.releases_at_once, spacing_seconds=settings.spacing_seconds)
    runner = Runner(work, rollout, undoing, runtime=runtime, changes=changes, pace=pace)
    releases = Releases(
        store,
        config=config,
        secrets=secrets,
        runtime=runtime,
        changes=changes,
        wake=runner.wake,
        interrupt=runner.interrupt,
        pages=load_pages(settings.page_key_file),
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
                ReleaserServicer(releases),
            ),
            Exposed(
                services["ReleaserInternalService"],
                releaser_pb2_grpc.add_ReleaserInternalServiceServicer_to_server,
                ReleaserInternalServicer(releases),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens), clock=utc_now),
        record=trail.record,
        background={"audit_relay": trail.run, "runner": runner.run, "runtime": runtime.run},
        close=close,
        outbox=Outbox(database),
        foreign_rules={},
        stopping=changes.stop,
    )


def choose_runtime(settings: Settings, source: DeploymentSource) -> Runtime:
    """Return the runtime that the settings name. Raises SettingsError for any other."""
    if settings.runtime != "local":
        raise SettingsError("PAAS_RUNTIME names a runtime there is none of; it is local.")
    if not settings.runtime_dir:
        raise SettingsError("PAAS_RUNTIME_DIR is not set. The folder of the local runtime.")
    limits = Limits(ready_timeout=settings.ready_timeout_seconds, grace=settings.grace_seconds)
    return LocalRuntime(Path(settings.runtime_dir).resolve(), limits=limits, source=source, clock=utc_now)
