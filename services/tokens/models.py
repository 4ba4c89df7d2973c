"""The tables of `tokens`, as migrations leave them. For Alembic and its test; a running service doesn't import this."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
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

TOKENS = Table(
    "tokens",
    METADATA,
    Column("tenant", Text, nullable=False),
    Column("token_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("permissions", ARRAY(Text), nullable=False),
    Column("apps", ARRAY(Text)),
    Column("creator", Text, nullable=False),
    Column("parent_id", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("revoked_at", DateTime(timezone=True)),
    Column("last_used_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant", "token_id"),
    # The digest first: a token is looked up before its tenant is known.
    UniqueConstraint("digest", "tenant", name="tokens_digest"),
    CheckConstraint("kind IN ('pat', 'user')", name="tokens_kind"),
    CheckConstraint("octet_length(digest) = 32", name="tokens_digest_size"),
    CheckConstraint("expires_at > created_at", name="tokens_lifetime"),
    Index("tokens_by_name", "tenant", "name"),
    Index("tokens_by_parent", "tenant", "parent_id"),
    Index("tokens_by_age", "tenant", "created_at", "token_id"),
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
