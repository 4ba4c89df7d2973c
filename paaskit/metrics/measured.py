"""What is measured, all of it in one place; docs/monitoring.md says what each is good for.

A label is one of a few words of ours: never a tenant, an app or a variable, which would tell one reader about all
tenants and grow without end.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY: Final = CollectorRegistry()

OUTBOX_ROWS: Final = Gauge(
    "paas_outbox_rows", "Messages that wait for a destination.", ["destination"], registry=REGISTRY
)
OUTBOX_OLDEST_SECONDS: Final = Gauge(
    "paas_outbox_oldest_seconds",
    "The age of the oldest message that waits for a destination; 0 where none waits.",
    ["destination"],
    registry=REGISTRY,
)
OUTBOX_PARKED: Final = Gauge(
    "paas_outbox_parked",
    "Messages that a destination refused, put aside until they are given back.",
    ["destination"],
    registry=REGISTRY,
)
OUTBOX_DELIVERED: Final = Counter(
    "paas_outbox_delivered", "Messages that a destination acknowledged.", ["destination"], registry=REGISTRY
)
OUTBOX_FAILED: Final = Counter(
    "paas_outbox_failed", "Attempts to deliver that failed, by reason.", ["destination", "reason"], registry=REGISTRY
)
DENIALS: Final = Counter(
    "paas_denials",
    "Attempts that users were denied, by what became of them: an event of their own, or counted in one for several.",
    ["record"],
    registry=REGISTRY,
)
WRONG_TOKENS: Final = Counter(
    "paas_wrong_tokens", "Tokens that were not accepted, by reason.", ["reason"], registry=REGISTRY
)

LEAK_REPORTS: Final = Counter(
    "paas_leak_reports",
    "Reports of leaked tokens that came, by what became of them.",
    ["outcome"],
    registry=REGISTRY,
)
LEAKED_TOKENS: Final = Counter(
    "paas_leaked_tokens", "Tokens that such reports named and that there were, ended before or not.", registry=REGISTRY
)

SIGN_INS_REFUSED: Final = Counter(
    "paas_sign_ins_refused",
    "Access tokens of the identity provider that were not accepted, by what is wrong with them.",
    ["reason"],
    registry=REGISTRY,
)

EXCHANGES: Final = Counter(
    "paas_exchanges",
    "Tokens of CI systems that were presented for one of ours, by what came of it: given, or why not.",
    ["outcome"],
    registry=REGISTRY,
)

MAKERS_NOT_LOOKED_AT: Final = Counter(
    "paas_makers_not_looked_at",
    "Times that the identity provider did not say what people who made tokens may do.",
    registry=REGISTRY,
)

REQUESTS: Final = Counter(
    "paas_requests", "Calls that ended, by method and canonical code.", ["method", "code"], registry=REGISTRY
)
PAGES: Final = Counter(
    "paas_pages",
    "Pages of the dashboard that were answered, by page and HTTP status.",
    ["page", "code"],
    registry=REGISTRY,
)
PAGE_SECONDS: Final = Histogram(
    "paas_page_seconds",
    "How long pages of the dashboard took until their answer began, by page.",
    ["page"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
REQUEST_SECONDS: Final = Histogram(
    "paas_request_seconds",
    "How long calls took from their headers to their answer, by method; streams are not among them.",
    ["method"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
REQUESTS_IN_FLIGHT: Final = Gauge(
    "paas_requests_in_flight", "Calls that are not answered yet; streams are not among them.", registry=REGISTRY
)
STREAMS_OPEN: Final = Gauge("paas_streams_open", "Streams that have not ended yet.", registry=REGISTRY)
STREAMS_ENDED: Final = Counter(
    "paas_streams_ended",
    "Streams of users that were ended here, by reason: their token ended, or nobody could tell for long.",
    ["reason"],
    registry=REGISTRY,
)
SESSIONS_NOT_LOOKED_AT: Final = Counter(
    "paas_sessions_not_looked_at",
    "Times that nobody could tell whether the tokens of open streams still hold.",
    registry=REGISTRY,
)
SHARE_REFUSALS: Final = Counter(
    "paas_share_refusals",
    "Requests and streams refused because too many were under way, by whose share was used up.",
    ["kind", "share"],
    registry=REGISTRY,
)
READY: Final = Gauge(
    "paas_ready", "1 where this process can do its work, with its database; 0 where it can't.", registry=REGISTRY
)

DATABASE_WAIT_SECONDS: Final = Histogram(
    "paas_database_wait_seconds",
    "How long a connection was waited for, by pool, in vain or not.",
    ["pool"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.75),
    registry=REGISTRY,
)
DATABASE_CONNECTIONS_IN_USE: Final = Gauge(
    "paas_database_connections_in_use", "Connections that something is done with now.", ["pool"], registry=REGISTRY
)
DATABASE_CONNECTIONS_MOST: Final = Gauge(
    "paas_database_connections_most", "Connections that there may be at once.", ["pool"], registry=REGISTRY
)
BATCH_SIZE: Final = Histogram(
    "paas_batch_size",
    "How many things were done together, by what they are.",
    ["batch"],
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)

SIGN_IN_LEASES: Final = Counter(
    "paas_sign_in_leases",
    "Tokens that the sign-in check was asked about, by whether one held in memory answered or the database did.",
    ["lease"],
    registry=REGISTRY,
)
KEY_SERVICE_CALLS: Final = Counter(
    "paas_key_service_calls",
    "Calls of the key service, each attempt by itself, by method and canonical code.",
    ["method", "code"],
    registry=REGISTRY,
)
KEY_SERVICE_WRONG_ANSWERS: Final = Counter(
    "paas_key_service_wrong_answers",
    "Answers of the key service that were not believed, by what was wrong with them.",
    ["reason"],
    registry=REGISTRY,
)
RELEASE_QUEUE_APPS: Final = Gauge(
    "paas_release_queue_apps",
    "Apps whose releases wait and are worked on, by whether their tenant has its share under way.",
    ["state", "tenant_class"],
    registry=REGISTRY,
)
CHECKPOINTS_PUBLISHED: Final = Counter(
    "paas_checkpoints_published",
    "Checkpoints of tenants' audit logs that were signed and published.",
    registry=REGISTRY,
)
CHECKPOINT_SECONDS: Final = Histogram(
    "paas_checkpoint_seconds",
    "How long after it was recorded the first event of a checkpoint was published.",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 10, 60),
    registry=REGISTRY,
)
LOGS_NOT_PUBLISHED: Final = Counter(
    "paas_logs_not_published",
    "Times that a tenant's audit log could not be published, by what was in the way.",
    ["reason"],
    registry=REGISTRY,
)
APPENDS_WITHOUT_MONTH: Final = Counter(
    "paas_appends_without_month",
    "Batches of audit events that were appended in a month for which no part of the table was made.",
    registry=REGISTRY,
)
WITNESSES_ASKED: Final = Counter(
    "paas_witnesses_asked",
    "Times that a witness was asked to cosign a checkpoint of an audit log, by what came of it.",
    ["outcome"],
    registry=REGISTRY,
)
SINK_EVENTS_BEHIND: Final = Gauge(
    "paas_sink_events_behind", "Events of the audit log that a sink has not got yet.", ["sink"], registry=REGISTRY
)
SINK_SECONDS_BEHIND: Final = Gauge(
    "paas_sink_seconds_behind",
    "The age of the oldest event of the audit log that a sink has not got yet; 0 where it has all.",
    ["sink"],
    registry=REGISTRY,
)
SINK_DELIVERED: Final = Counter(
    "paas_sink_events_delivered", "Events of the audit log that a sink took.", ["sink"], registry=REGISTRY
)
SINK_EVENTS_GONE: Final = Counter(
    "paas_sink_events_gone",
    "Events that were not in the audit log any more when a sink would have got them.",
    ["sink"],
    registry=REGISTRY,
)
SINK_FAILURES: Final = Counter(
    "paas_sink_failures", "Attempts to deliver to a sink that failed, by reason.", ["sink", "reason"], registry=REGISTRY
)
