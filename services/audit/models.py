"""The one table of `audit`, as migrations leave it. For Alembic and its test; a running service doesn't import this."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

EVENTS = Table(
    "events",
    METADATA,
    Column("tenant", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("on_behalf_of", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("targets", ARRAY(Text), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("outcome", SmallInteger, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("client_address", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "sequence"),
    UniqueConstraint("tenant", "event_id", name="events_once"),
    CheckConstraint("sequence > 0", name="events_sequence"),
    CheckConstraint("octet_length(leaf_hash) = 32", name="events_leaf_hash"),
    Index("events_by_app", "tenant", "app", "sequence"),
    Index("events_by_action", "tenant", "action", "sequence"),
)
