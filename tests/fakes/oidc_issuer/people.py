"""Who can sign in, with which programs, and what is under way of it."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4


@dataclass
class User:
    """A person of a tenant. What a test changes is in the next token of theirs."""

    name: str
    tenant: str | None
    roles: tuple[str, ...]
    email: str
    is_enabled: bool = True
    subject: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, kw_only=True)
class Client:
    """A program that people sign in with, or that signs in for itself (`service`); confidential with a secret."""

    client_id: str
    secret: str | None = None
    service: User | None = None


@dataclass
class SsoSession:
    """A person who is signed in with one program, until it ends. `refresh_id` is the one refresh token that is good."""

    user: User
    client_id: str
    scope: str
    auth_time: datetime
    sid: str = field(default_factory=lambda: str(uuid4()))
    refresh_id: str = ""
    is_over: bool = False


@dataclass
class DeviceCode:
    """A sign-in on a device that waits for somebody with a browser (RFC 8628)."""

    client_id: str
    scope: str
    user_code: str
    ends: datetime
    challenge: str
    approved_by: User | None = None
    is_denied: bool = False
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Code:
    """An authorization code with what its exchange has to match (RFC 6749, RFC 7636)."""

    client_id: str
    scope: str
    user: User
    redirect_uri: str
    challenge: str
    ends: datetime
    nonce: str | None
