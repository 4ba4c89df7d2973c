"""Secrets, kept in the open: this is a fake."""

from collections.abc import Iterable
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from paas.secrets.v1 import secrets_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform import groups
from tests.fakes.platform.state import NOW, Platform


def list_secrets(platform: Platform, request: Any) -> Any:
    sealed = platform.app(request.app).sealed
    return p.ListSecretsResponse(
        secrets=[_shown(platform, request.app, name) for name in sealed.live],
        staged=[p.StagedSecret(**sealed.shown(name)) for name in sorted(sealed.draft)],
    )


def _shown(platform: Platform, app: str, name: str) -> Any:
    terms = platform.app(app).terms.get(name, {})
    return p.Secret(name=name, version=1, updated_at=NOW, updated_by="user:ada@example.com", **terms)


def _agree(platform: Platform, app: str, names: Iterable[str], request: Any) -> Timestamp | None:
    """Keep what a request says of ends; return the end. A span counts from the moment at which everything happens."""
    kind, expires_at = request.expiry.WhichOneof("end"), None
    if kind == "span":
        expires_at = Timestamp(seconds=NOW.seconds + request.expiry.span.seconds)
    elif kind == "at":
        expires_at = request.expiry.at
    for name in names:
        terms = platform.app(app).terms.setdefault(name, {})
        if kind:
            terms.pop("expires_at", None)
        if expires_at is not None:
            terms["expires_at"] = expires_at
        if request.HasField("rotate_every"):
            terms["rotate_every"] = request.rotate_every
            terms["rotate_at"] = Timestamp(seconds=NOW.seconds + request.rotate_every.seconds)
    return expires_at


def discard_staged(platform: Platform, request: Any) -> Any:
    sealed = platform.app(request.app).sealed
    if missing := [name for name in request.names if name not in sealed.draft]:
        raise Fault(5, f"{', '.join(missing)}: nothing is staged for it.", reason="NAME_NOT_STAGED")
    return p.DiscardStagedResponse(changes=sealed.discard(request.names))


def set_secrets(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    new = {item.name: item.value for item in request.secrets}
    for name in new:
        leaves = request.stage and name in app.draft and app.draft[name].value is None
        if name in app.vars and not leaves:
            raise Fault(9, f"{name} is a config var.", reason="NAME_IS_CONFIG")
    groups.refuse_collision(platform, request.app, new)
    platform.record("secrets.set", request.app, *new)
    kept = [name for name, value in new.items() if app.secrets.get(name) == value and request.HasField("expiry")]
    change = platform.change(request, app.sealed, new, gone=[], verb="Set")
    if request.validate_only or request.stage:
        return p.SetSecretsResponse(change=change)
    return p.SetSecretsResponse(change=change, kept=kept, expires_at=_agree(platform, request.app, new, request))


def reveal_secret(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone([request.name], app.secrets, ignore_missing=False)
    event_id = platform.record("secrets.get", request.app, request.name, reason=request.reason)
    return p.RevealSecretResponse(value=app.secrets[request.name], audit_event_id=event_id)


def reveal_secrets(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone(request.names, app.secrets, ignore_missing=False)
    event_id = platform.record("secrets.get", request.app, *request.names, reason=request.reason)
    return p.RevealSecretsResponse(
        secrets=[p.RevealedSecret(name=name, value=app.secrets[name]) for name in request.names],
        audit_event_id=event_id,
    )


def reveal_environment(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    sealed = {**app.secrets, **app.managed_values}
    platform.gone(request.names, sealed, ignore_missing=False)
    names = sorted(request.names or sealed)
    event_id = platform.record("secrets.run", request.app, *names)
    return p.RevealEnvironmentResponse(
        values=[p.EnvironmentValue(name=n, value=sealed[n], managed=n in app.managed_values) for n in names],
        version=app.version,
        audit_event_id=event_id,
    )


def rotate_secret(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone([request.name], app.secrets, ignore_missing=False)
    fresh = request.value if request.WhichOneof("source") == "value" else f"random-{request.random.format}"
    change = platform.change(request, app.sealed, {request.name: fresh}, gone=[], verb="Rotated")
    if request.stage:
        return p.RotateSecretResponse(change=change, span=request.expiry.span)
    return p.RotateSecretResponse(change=change, expires_at=_agree(platform, request.app, [request.name], request))


def expire_secret(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone([request.name], app.secrets, ignore_missing=False)
    before = dict(app.terms.get(request.name, {}))
    _agree(platform, request.app, [request.name], request)
    terms = app.terms[request.name]
    platform.record("secrets.expire", request.app, request.name)
    return p.ExpireSecretResponse(
        changed=terms != before, expires_at=terms.get("expires_at"), rotate_every=terms.get("rotate_every")
    )


def list_due_secrets(platform: Platform, request: Any) -> Any:
    """Everything that has an end is due, everything that has an interval, and everything that was ever set."""
    field = {1: "expires_at", 2: "rotate_at"}.get(request.kind)
    found = [
        p.DueSecret(app=app, secret=_shown(platform, app, name))
        for app in platform.apps
        for name in platform.app(app).secrets
        if field is None or field in platform.app(app).terms.get(name, {})
    ]
    since = Timestamp(seconds=NOW.seconds - 86400 * platform.delivered_days)
    return p.ListDueSecretsResponse(
        secrets=found if field or platform.delivered_days > 90 else [], delivered_since=None if field else since
    )


def unset_secrets(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    gone = platform.gone(request.names, app.secrets, ignore_missing=request.ignore_missing)
    groups.refuse_used(platform, request.app, gone)
    return p.UnsetSecretsResponse(change=platform.change(request, app.sealed, {}, gone=gone, verb="Unset"))


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "ListSecrets": list_secrets,
        "SetSecrets": set_secrets,
        "RevealSecret": reveal_secret,
        "RevealSecrets": reveal_secrets,
        "RevealEnvironment": reveal_environment,
        "RotateSecret": rotate_secret,
        "UnsetSecrets": unset_secrets,
        "DiscardStaged": discard_staged,
        "ExpireSecret": expire_secret,
        "ListDueSecrets": list_due_secrets,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["SecretsService"], handlers)
