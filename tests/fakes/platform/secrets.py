"""Secrets, kept in the open: this is a fake."""

from typing import Any

from paas.secrets.v1 import secrets_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.state import NOW, Platform


def list_secrets(platform: Platform, request: Any) -> Any:
    sealed = platform.app(request.app).sealed
    return p.ListSecretsResponse(
        secrets=[p.Secret(name=name, version=1, updated_at=NOW) for name in sealed.live],
        staged=[p.StagedSecret(**sealed.shown(name)) for name in sorted(sealed.draft)],
    )


def discard_staged(platform: Platform, request: Any) -> Any:
    sealed = platform.app(request.app).sealed
    if missing := [name for name in request.names if name not in sealed.draft]:
        raise Fault(5, f"{', '.join(missing)}: nothing is staged for it.", reason="NAME_NOT_STAGED")
    return p.DiscardStagedResponse(changes=sealed.discard(request.names))


def set_secrets(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    new = {item.name: item.value for item in request.secrets}
    platform.record("secrets.set", request.app, *new)
    return p.SetSecretsResponse(change=platform.change(request, app.sealed, new, gone=[], verb="Set"))


def reveal_secret(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone([request.name], app.secrets, ignore_missing=False)
    event_id = platform.record("secrets.get", request.app, request.name)
    return p.RevealSecretResponse(value=app.secrets[request.name], audit_event_id=event_id)


def reveal_secrets(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone(request.names, app.secrets, ignore_missing=False)
    event_id = platform.record("secrets.get", request.app, *request.names)
    return p.RevealSecretsResponse(
        secrets=[p.RevealedSecret(name=name, value=app.secrets[name]) for name in request.names],
        audit_event_id=event_id,
    )


def rotate_secret(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    platform.gone([request.name], app.secrets, ignore_missing=False)
    fresh = request.value if request.WhichOneof("source") == "value" else f"random-{request.random.format}"
    change = platform.change(request, app.sealed, {request.name: fresh}, gone=[], verb="Rotated")
    return p.RotateSecretResponse(change=change)


def unset_secrets(platform: Platform, request: Any) -> Any:
    app = platform.app(request.app)
    gone = platform.gone(request.names, app.secrets, ignore_missing=request.ignore_missing)
    return p.UnsetSecretsResponse(change=platform.change(request, app.sealed, {}, gone=gone, verb="Unset"))


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "ListSecrets": list_secrets,
        "SetSecrets": set_secrets,
        "RevealSecret": reveal_secret,
        "RevealSecrets": reveal_secrets,
        "RotateSecret": rotate_secret,
        "UnsetSecrets": unset_secrets,
        "DiscardStaged": discard_staged,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["SecretsService"], handlers)
