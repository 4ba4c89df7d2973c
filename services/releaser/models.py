"""The tables of `releaser`, as migrations leave them. For Alembic; a running service doesn't import this."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

METADATA = MetaData()


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


APPS = Table(
    "apps",
    METADATA,
    Column("tenant", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    # Null once the app is removed, or once its name is known to be another app's.
    Column("name", Text),
    _number("last_number"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("removed_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "app_id"),
    UniqueConstraint("tenant", "name", name="apps_name"),
)

RELEASES = Table(
    "releases",
    METADATA,
    Column("tenant", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("change_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    # Failed, and what to do about its change is not settled yet.
    Column("undo_due", Boolean, nullable=False, server_default=text("false")),
    Column("description", Text, nullable=False),
    Column("actor", Text, nullable=False),
    _number("config_version"),
    _number("secrets_version"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("instances_ready", Integer, nullable=False, server_default=text("0")),
    Column("instances_total", Integer, nullable=False, server_default=text("0")),
    _number("superseded_by"),
    _number("reverted_to"),
    _number("revert_release"),
    Column("reverted_names", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    _number("source_release"),
    PrimaryKeyConstraint("tenant", "app_id", "number"),
    UniqueConstraint("tenant", "app_id", "change_id", name="releases_change"),
    ForeignKeyConstraint(["tenant", "app_id"], ["apps.tenant", "apps.app_id"]),
    CheckConstraint("kind IN ('change', 'manual', 'rollback', 'revert')", name="releases_kind"),
    CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'superseded')", name="releases_state"),
    CheckConstraint(
        "(finished_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'superseded'))", name="releases_end"
    ),
    Index(
        "releases_open",
        "tenant",
        "app_id",
        "number",
        postgresql_where=text("state IN ('queued', 'running') OR undo_due"),
    ),
)

WORK = Table(
    "work",
    METADATA,
    Column("tenant", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("removal", Boolean, nullable=False, server_default=text("false")),
    Column("lease_holder", Text),
    Column("lease_until", DateTime(timezone=True)),
    Column("not_before", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("tenant", "app_id"),
    Index("work_due", "not_before"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("destination", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("parked_at", DateTime(timezone=True)),
    Column("parked_reason", Text),
    UniqueConstraint("destination", "key"),
    Index("outbox_waiting", "destination", "id", postgresql_where=text("parked_at IS NULL")),
)

REQUESTS = Table(
    "requests",
    METADATA,
    Column("tenant", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    PrimaryKeyConstraint("tenant", "request_id", "subject"),
)
