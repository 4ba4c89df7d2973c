"""The tables of the secrets database, as the migrations must leave them. Read by migrations and tests only."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

METADATA = MetaData()
_NOW = text("clock_timestamp()")

APPS = Table(
    "apps",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("next_position", BigInteger, nullable=False),
    UniqueConstraint("tenant", "name"),
)

SEALED = Table(
    "sealed",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("valid_to", BigInteger),
    Column("kind", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("size", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("previous", BigInteger),
    Column("previous_until", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Index("sealed_current", "tenant", "app_id", "name", unique=True, postgresql_where=text("valid_to IS NULL")),
)

TENANT_KEYS = Table(
    "tenant_keys",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

KMS_CHECK = Table(
    "kms_check",
    METADATA,
    Column("single", Boolean, primary_key=True, server_default=text("true")),
    Column("wrapped", LargeBinary, nullable=False),
)

OVERLAP_ENDS = Table(
    "overlap_ends",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("due", DateTime(timezone=True), nullable=False),
    Index("overlap_ends_due", "due"),
)

REQUESTS = Table(
    "requests",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("request_id", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("method", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("destination", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
    Column("parked_at", DateTime(timezone=True)),
    Column("parked_reason", Text),
    UniqueConstraint("destination", "key"),
    Index("outbox_waiting", "destination", "id", postgresql_where=text("parked_at IS NULL")),
)
