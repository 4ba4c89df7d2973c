"""Who may call what: rules read from the protos, permissions and roles, and the caller of the current request.

Must not decide anything by itself: `paaskit.interceptors` enforces.
"""

from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from paas.access.v1 import access_pb2

from paaskit.identity import HEADER, Identity

VIEWER: Final = frozenset({"apps.read", "config.read", "secrets.list", "releases.read"})
DEVELOPER: Final = VIEWER | {
    "apps.write",
    "config.write",
    "secrets.write",
    "secrets.reveal",
    "releases.write",
    "tokens.manage",
}
ADMIN: Final = DEVELOPER | {"audit.read", "keys.manage"}
ROLES: Final = {"viewer": VIEWER, "developer": DEVELOPER, "admin": ADMIN}
PERMISSIONS: Final = ADMIN
"""Every permission there is: exactly what an admin has."""

GATEWAY: Final = "gateway"
"""The one service that may carry an edge user's identity to a public method."""


class RuleError(Exception):
    """A method has no usable access rule, so the server must not start."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may call one method: users through the gateway (`public`), or the services in `callers`."""

    permission: str = ""
    public: bool = False
    callers: frozenset[str] = frozenset()
    action: str = ""
    any_service: bool = False


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who makes the current request: the service from its certificate and, where one is carried, the user."""

    service: str
    identity: Identity | None = None
    unverified_jwt: str = field(default="", repr=False)
    """The identity as it came, to be carried along to services that act on the user's behalf; they verify it again."""


_current: ContextVar[Caller] = ContextVar("paas_caller")


def enter(caller: Caller) -> None:
    """Make `caller` the caller of the current request. Only the interceptor calls this."""
    _current.set(caller)


def current_caller() -> Caller:
    """Return the caller of the current request. Raises LookupError outside of one."""
    return _current.get()


def carried_identity() -> tuple[tuple[str, str], ...]:
    """Return the metadata that carries the current request's user along to another service; empty without one."""
    caller = _current.get(None)
    return ((HEADER, caller.unverified_jwt),) if caller is not None and caller.unverified_jwt else ()


def current_user() -> Identity:
    """Return the signed-in caller of a public method. Raises LookupError where there is none."""
    identity = _current.get().identity
    if identity is None:
        raise LookupError("this method has no signed-in caller")
    return identity


def rules_of(services: Iterable[ServiceDescriptor], *, foreign: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rule of each method by its path; `foreign` has those of methods whose proto is not ours.

    Raises RuleError where a method lacks a usable rule, or has two.
    """
    return {
        path: _rule_of(method, foreign=foreign.get(path))
        for service in services
        for method in service.methods
        for path in [f"/{service.full_name}/{method.name}"]
    }


def _rule_of(method: MethodDescriptor, *, foreign: Rule | None) -> Rule:
    options = method.GetOptions()
    declares = options.HasExtension(access_pb2.rule)
    if declares == (foreign is not None):
        raise RuleError(f"{method.full_name} {'has two access rules' if declares else 'has no access rule'}")
    if foreign is not None:
        return foreign
    declared = options.Extensions[access_pb2.rule]
    kinds = [bool(declared.permission), declared.authenticated, bool(declared.callers)]
    if sum(kinds) != 1:
        raise RuleError(f"{method.full_name} needs exactly one of permission, authenticated and callers")
    if declared.permission and declared.permission not in PERMISSIONS:
        raise RuleError(f"{method.full_name} names a permission that does not exist")
    if declared.permission and not declared.audit:
        raise RuleError(f"{method.full_name} does not name its audit action")
    internal = method.containing_service.name.endswith("InternalService")
    if internal != bool(declared.callers):
        raise RuleError(f"{method.full_name}: users' and services' methods live in different services")
    return Rule(
        permission=declared.permission,
        public=not internal,
        callers=frozenset(declared.callers) if internal else frozenset({GATEWAY}),
        action=declared.audit,
    )
