"""The composition root of `audit`: what it is made of, and nothing else."""

from collections.abc import Iterable
from pathlib import Path

from paas.audit.v1 import audit_pb2, audit_pb2_grpc

from paaskit.audit import AuditEvent
from paaskit.channels import open_channel
from paaskit.clock import utc_now
from paaskit.db import Database
from paaskit.gate import Sessions
from paaskit.gate.ended_tokens import ended_from
from paaskit.identity import IdentityVerifier
from paaskit.keys import keys_from
from paaskit.listeners import Exposed
from paaskit.paging import load_pages
from paaskit.server import Assembly
from paaskit.wakeups import Wakeups
from services.audit.domain import AuditLog
from services.audit.publishing.heads import Heads
from services.audit.publishing.publisher import Publisher
from services.audit.publishing.readers import PublishedLogs
from services.audit.publishing.signing import load_keys
from services.audit.publishing.witnesses import Witnesses, load_witnesses, witness_client
from services.audit.publishing.writer import LogWriter, log_origin
from services.audit.rpc import AuditInternalServicer, AuditServicer, known_actions, report_from
from services.audit.settings import Settings
from services.audit.sinks.configured import sinks_from
from services.audit.sinks.cursors import Cursors
from services.audit.sinks.delivery import Source
from services.audit.sinks.sending import Sending
from services.audit.store import Store
from services.audit.summaries.counting import Counting
from services.audit.summaries.summaries import Summaries


async def assemble(settings: Settings) -> Assembly:
    """Return `audit`, connected. Raises SettingsError where a file holds something else than it should."""
    pages = load_pages(settings.page_key_file)
    database = Database(settings.database_url, password_file=settings.database_password_file, service="audit")
    tokens_channel = open_channel(settings.tokens_address, service="tokens", tls=settings)
    wakeups = Wakeups[str]()
    store, heads = Store(database), Heads(database)
    client = witness_client()
    writer = LogWriter(
        store,
        heads,
        folder=Path(settings.log_folder),
        origin=log_origin(settings.log_origin),
        keys=load_keys(settings.log_key_files),
        witnesses=Witnesses(load_witnesses(settings.log_witnesses_file), client),
        clock=utc_now,
    )
    publisher = Publisher(writer, heads)
    sending = Sending(
        sinks_from(settings, clock=utc_now),
        Source(events=store, logs=heads, cursors=Cursors(database), origin_of=writer.origin_of),
        from_beginning=settings.sinks_begin == "beginning",
        clock=utc_now,
    )

    def has_grown(tenants: Iterable[str]) -> None:
        publisher.has_grown(tenants)
        sending.has_grown(tenants)

    audit_log = AuditLog(store, wakeups, has_grown=has_grown, clock=utc_now, actions=known_actions())
    summaries = Summaries(store, Counting(database), actions=known_actions())
    await database.open()

    async def record(event: AuditEvent) -> None:
        # Its own denials need no outbox: this is where events end up.
        await audit_log.append([report_from(audit_pb2.Event.FromString(event.encode()))], service="audit")

    async def close() -> None:
        await sending.close()
        await client.aclose()
        await tokens_channel.close()
        await database.close()

    return Assembly(
        exposed=[
            Exposed(
                audit_pb2.DESCRIPTOR.services_by_name["AuditService"],
                audit_pb2_grpc.add_AuditServiceServicer_to_server,
                AuditServicer(audit_log, summaries, PublishedLogs(writer, heads, store), pages),
            ),
            Exposed(
                audit_pb2.DESCRIPTOR.services_by_name["AuditInternalService"],
                audit_pb2_grpc.add_AuditInternalServiceServicer_to_server,
                AuditInternalServicer(audit_log),
            ),
        ],
        verifier=IdentityVerifier(keys_from(tokens_channel), clock=utc_now),
        record=record,
        background={"publisher": publisher.run, **sending.background},
        sessions=Sessions(ended_from(tokens_channel)),
        ready=database.ready,
        close=close,
        foreign_rules={},
        stopping=wakeups.close,
    )
