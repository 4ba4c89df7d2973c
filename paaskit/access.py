"""Who may call what: rules read from the protos, permissions and roles, and the caller of the current request.

Must not decide anything by itself: `paaskit.gate` enforces.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from paas.access.v1 import access_pb2

from paaskit.errors import PermissionDenied
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

MAX_TARGETS: Final = 500
TOKEN_PREFIX: Final = "paas_pat_"  # noqa: S105  # how a token's text starts; no token
_COULD_BE_A_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}\Z", re.ASCII)
# What these are about are tokens, trusts and people, whose names have more letters than those of variables.
_OF_PEOPLE: Final = ("tokens.", "trusts.", "sessions.")
_COULD_BE_A_TOKEN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@:/+-]{0,127}\Z", re.ASCII)

GATEWAY: Final = "gateway"
"""The one service that may carry an edge user's identity to a public method."""


class RuleError(Exception):
    """A method has no usable access rule, so the server must not start."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Who may call one method: users through the gateway (`public`), whoever comes through it without a sign-in
    (`anyone`), or the services in `callers`.
    """

    permission: str = ""
    public: bool = False
    anyone: bool = False
    callers: frozenset[str] = frozenset()
    action: str = ""
    """The action of its events: of users' denied attempts, and of its effect where it has one."""
    no_event: str = ""
    """Why it has no action, where it has none."""
    targets: tuple[str, ...] = ()
    """The path of the field with the names an attempt is about: a text or several, or a repeated field's text."""
    app_field: str = ""
    """The field with the name of the app that a request is about."""
    any_service: bool = False

    def app_of(self, request: Any) -> str:
        """Return the name of the app that a request is about; empty where it is about none."""
        return str(getattr(request, self.app_field)) if self.app_field else ""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who makes the current request: the service from its certificate and, where one is carried, the user.

    `client_address` is where somebody without a sign-in calls from, as the gateway saw it.
    """

    service: str
    identity: Identity | None = None
    client_address: str = ""
    unverified_jwt: str = field(default="", repr=False)
    """The identity as it came, to be carried along to services that act on the user's behalf; they verify it again."""


@dataclass(frozen=True, kw_only=True)
class AppRef:
    """An app as a caller names it. Only its name is known; `bound_id` is the id it must turn out to have.

    Whatever looks an app up by name takes one of these and gives the id it found to `accept`: a token that is limited
    to an app must not reach another that got the same name later.
    """

    tenant: str
    name: str
    bound_id: str | None = None
    subject: str = ""

    def accept(self, app_id: str) -> None:
        """Return if the caller may mean the app of this id. Raises PermissionDenied.

        An empty id is no app's: it is what a scope has where it has no app of this name.
        """
        if self.bound_id is not None and (self.bound_id != app_id or not app_id):
            raise limited_to_other_apps(self.subject)


def limited_to_other_apps(subject: str) -> PermissionDenied:
    """Return the error for an app outside a token's scope. One place, so that a namesake is told nothing else."""
    return PermissionDenied(f"{subject} is limited to other apps.", metadata={"permission": "app"})


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


def carried_user() -> Identity | None:
    """Return the user that the current request is from or made for; None where there is none, or no request at all."""
    caller = _current.get(None)
    return caller.identity if caller is not None else None


def app_ref(name: str, *, tenant: str = "") -> AppRef:
    """Return the app that the current request calls `name`: of the user's tenant, bound as the user's token is.

    `tenant` is for internal methods that name one; the user whose identity a service carries along still binds it.
    """
    identity = _current.get().identity
    if identity is None:
        return AppRef(tenant=tenant, name=name)
    return AppRef(tenant=identity.tenant, name=name, bound_id=identity.bound_id(name), subject=identity.subject)


def may(permission: str) -> bool:
    """Whether the current request's user has a permission. False where there is no user."""
    identity = _current.get().identity
    return identity is not None and permission in identity.permissions


def require(permission: str) -> None:
    """Raise PermissionDenied unless the current user has a permission, for what a request does beyond its rule."""
    identity = current_user()
    if permission not in identity.permissions:
        raise permission_missing(identity.subject, permission)


def require_all_apps() -> None:
    """Raise PermissionDenied where the current user is limited to some apps, for what concerns all of a tenant's."""
    identity = current_user()
    if identity.apps is not None:
        raise limited_to_other_apps(identity.subject)


def permission_missing(subject: str, permission: str) -> PermissionDenied:
    """Return the error for a permission that the caller does not have."""
    return PermissionDenied(
        f"You are signed in as {subject}, which may not do this: it needs {permission}.",
        metadata={"permission": permission},
    )


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
        _refuse_unaudited(method, action=foreign.action, no_event=foreign.no_event)
        return foreign
    declared = options.Extensions[access_pb2.rule]
    kinds = [bool(declared.permission), declared.authenticated, declared.anyone, bool(declared.callers)]
    if sum(kinds) != 1:
        raise RuleError(f"{method.full_name} needs exactly one of permission, authenticated, anyone and callers")
    if declared.anyone and (method.server_streaming or method.client_streaming):
        raise RuleError(f"{method.full_name} would give streams to whoever asks")
    if declared.permission and declared.permission not in PERMISSIONS:
        raise RuleError(f"{method.full_name} names a permission that does not exist")
    _refuse_unaudited(method, action=declared.audit, no_event=declared.no_event)
    if declared.permission and not declared.audit:
        raise RuleError(f"{method.full_name} does not name the audit action of its denied attempts")
    targets = tuple(declared.targets.split(".")) if declared.targets else ()
    if not _is_path(method.input_type, targets):
        raise RuleError(f"{method.full_name} names targets that its request does not have as texts")
    if not _names_its_app(method.input_type, declared.app_field):
        raise RuleError(f"{method.full_name} does not say which field names the app it is about")
    internal = method.containing_service.name.endswith("InternalService")
    if internal != bool(declared.callers):
        raise RuleError(f"{method.full_name}: users' and services' methods live in different services")
    return Rule(
        permission=declared.permission,
        public=not internal and not declared.anyone,
        anyone=declared.anyone,
        callers=frozenset(declared.callers) if internal else frozenset({GATEWAY}),
        action=declared.audit,
        no_event=declared.no_event,
        targets=targets,
        app_field=declared.app_field,
    )


def _refuse_unaudited(method: MethodDescriptor, *, action: str, no_event: str) -> None:
    """Raise RuleError unless a method says either its audit action or why it has none."""
    if bool(action) == bool(no_event):
        raise RuleError(f"{method.full_name} needs exactly one of an audit action and why there is none")


def _names_its_app(request: Descriptor, app_field: str) -> bool:
    """Whether `app_field` is one text of the request, or is empty and there is no field that looks like it."""
    field = request.fields_by_name.get(app_field or "app")
    if not app_field:
        return field is None
    return field is not None and field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated


def _is_path(message: Descriptor, path: Sequence[str]) -> bool:
    """Whether a path leads to texts: a field of them, or a repeated message and a text in it."""
    for place, name in enumerate(path, start=1):
        step = message.fields_by_name.get(name)
        if step is None:
            return False
        if place == len(path):
            return bool(step.type == FieldDescriptor.TYPE_STRING)
        if step.message_type is None or not step.is_repeated:
            return False
        message = step.message_type
    return True


def targets_of(rule: Rule, request: Any) -> list[str]:
    """Return the names a request is about, as far as they could be names: what else was sent is not ours to keep.

    Above all not a value that was given for a variable's name, or the text of a token for its name.
    """
    if not rule.targets:
        return []
    found = [request]
    for name in rule.targets:
        values = [getattr(each, name) for each in found]
        found = [item for value in values for item in ([value] if isinstance(value, str) else value)]
    could_be_one = _COULD_BE_A_TOKEN if rule.action.startswith(_OF_PEOPLE) else _COULD_BE_A_VARIABLE
    return [name for name in found[:MAX_TARGETS] if could_be_one.match(name) and TOKEN_PREFIX not in name]
