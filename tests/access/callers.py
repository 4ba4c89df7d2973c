"""Every kind of caller there is, and what the reviewed table says of each.

A kind is a certificate and an identity. Order decides: who has no connection has nothing; then the certificate, then
whether the identity is one at all, then what it may do, then to which apps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from paaskit.identity import AppScope
from tests.access import table

SERVICE_NAMES: Final = (
    "config",
    "secrets",
    "tokens",
    "audit",
    "releaser",
    "gateway",
    "operator",
    "provisioner",
)
UNCONNECTED: Final = ("plaintext", "no-certificate", "foreign-ca")
STRANGERS: Final = ("nameless", "two-names", "other-trust-domain", "longer-name", "upper-case", "dns-only")
EVERY_PERMISSION: Final = frozenset(table.ROLES["admin"])


class Outcome(StrEnum):
    """How a call ends, as far as access is concerned."""

    UNREACHED = "no connection"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    ADMITTED = "admitted"
    ABSENT = "UNIMPLEMENTED"


class Flaw(StrEnum):
    """What is wrong with an identity."""

    NONE = ""
    EXPIRED = "expired"
    FOREIGN_KEY = "signed by a foreign key"
    GARBAGE = "not a token"
    TWICE = "sent twice"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of caller. `permissions` is None where no identity is carried."""

    certificate: str
    permissions: frozenset[str] | None = None
    flaw: Flaw = Flaw.NONE
    tenant: str = "acme"
    apps: AppScope | None = None
    label: str = ""

    def __str__(self) -> str:
        return f"{self.certificate} {self.label}".strip()


def kinds() -> Iterator[Kind]:
    """Every kind of caller."""
    for certificate in (*UNCONNECTED, *STRANGERS, *SERVICE_NAMES):
        yield Kind(certificate=certificate)
        yield Kind(certificate=certificate, permissions=EVERY_PERMISSION, label="with an admin")
        yield Kind(
            certificate=certificate, permissions=EVERY_PERMISSION, flaw=Flaw.EXPIRED, label="with an expired identity"
        )
        yield Kind(
            certificate=certificate, permissions=EVERY_PERMISSION, tenant="globex", label="with another tenant's admin"
        )
    for role, permissions in table.ROLES.items():
        yield Kind(certificate="gateway", permissions=frozenset(permissions), label=f"with a {role}")
    for permission in sorted(EVERY_PERMISSION):
        yield Kind(certificate="gateway", permissions=frozenset({permission}), label=f"with {permission} alone")
        others = EVERY_PERMISSION - {permission}
        yield Kind(certificate="gateway", permissions=others, label=f"with all but {permission}")
    yield Kind(certificate="gateway", permissions=frozenset(), label="with no permission")
    other_app = frozenset({("other", "a2")})
    for certificate in SERVICE_NAMES:
        label = "with an admin limited to another app"
        yield Kind(certificate=certificate, permissions=EVERY_PERMISSION, apps=other_app, label=label)
    yield Kind(certificate="gateway", permissions=EVERY_PERMISSION, apps=frozenset(), label="limited to no app")
    for flaw in (Flaw.FOREIGN_KEY, Flaw.GARBAGE, Flaw.TWICE):
        yield Kind(certificate="gateway", permissions=EVERY_PERMISSION, flaw=flaw, label=f"with an identity {flaw}")


def expected(path: str, kind: Kind) -> Outcome:
    """What the table says of one call. Raises KeyError for a method without a row."""
    if kind.certificate in UNCONNECTED:
        return Outcome.UNREACHED
    if path in table.NOBODY:
        return Outcome.ABSENT
    if path in table.ANYBODY:
        return Outcome.ADMITTED if kind.certificate == "gateway" else Outcome.PERMISSION_DENIED
    return _as_user(path, kind) if path in table.USERS else _as_service(path, kind)


def _as_service(path: str, kind: Kind) -> Outcome:
    if path not in table.ANY_CERTIFICATE and kind.certificate not in table.SERVICES[path]:
        return Outcome.PERMISSION_DENIED
    if kind.flaw is not Flaw.NONE:
        return Outcome.UNAUTHENTICATED
    if path in table.NAMES_TENANT and kind.permissions is not None and kind.tenant != "acme":
        return Outcome.PERMISSION_DENIED
    if path in table.NAMES_APP and kind.apps is not None:
        return Outcome.PERMISSION_DENIED
    return Outcome.ADMITTED


def _as_user(path: str, kind: Kind) -> Outcome:
    if kind.certificate != "gateway":
        return Outcome.PERMISSION_DENIED
    if kind.permissions is None or kind.flaw is not Flaw.NONE:
        return Outcome.UNAUTHENTICATED
    needed = table.USERS[path]
    if needed != table.SIGNED_IN and needed not in kind.permissions:
        return Outcome.PERMISSION_DENIED
    if kind.apps is not None and path not in table.WITHOUT_APP:  # of one app, or of all
        return Outcome.PERMISSION_DENIED
    return Outcome.ADMITTED
