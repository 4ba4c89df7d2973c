"""The tables of the config database, as the migrations must leave them. Read by migrations and tests only."""

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import ARRAY

METADATA = MetaData()

APPS = Table(
    "apps",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("next_position", BigInteger, nullable=False),
    Column("names", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("destroyed_at", DateTime(timezone=True)),
    Index("apps_living_name", "tenant", "name", unique=True, postgresql_where=text("destroyed_at IS NULL")),
)

SPECS = Table(
    "specs",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("valid_to", BigInteger),
    Column("command", ARRAY(Text), nullable=False),
    Column("image", Text, nullable=False),
    Column("instances", Integer, nullable=False),
    Column("health_path", Text, nullable=False),
)

VARS = Table(
    "vars",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("app_id", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("valid_to", BigInteger),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("addon", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Index("vars_current", "tenant", "app_id", "name", unique=True, postgresql_where=text("valid_to IS NULL")),
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
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("destination", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    Column("parked_at", DateTime(timezone=True)),
    Column("parked_reason", Text),
    UniqueConstraint("destination", "key"),
    Index("outbox_waiting", "destination", "id", postgresql_where=text("parked_at IS NULL")),
)
