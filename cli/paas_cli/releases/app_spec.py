"""What an app runs, in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli.releases import adoption
from paas_cli.terminal import times
from paas_cli.typed import durations

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import App, AppSpec


def document(app: "App") -> dict[str, object]:
    """The app as JSON shows it; what is not set is null."""
    return {
        "id": app.app_id,
        "name": app.name,
        **spec_document(app.spec),
        "version": app.version,
        "created_at": times.or_null(app.created_at),
    }


def spec_document(spec: "AppSpec") -> dict[str, object]:
    """What it runs as JSON shows it; what is not set is null."""
    return {
        "command": list(spec.command),
        "image": spec.image or None,
        "instances": spec.instances,
        "health_path": spec.health_path or None,
        "ready_timeout_seconds": spec.ready_timeout.seconds if spec.HasField("ready_timeout") else None,
        "all_at_once": spec.all_at_once,
        "adopted": adoption.document(spec),
        "schema": spec.schema or None,
        "groups": list(spec.groups),
    }


def words(spec: "AppSpec") -> dict[str, str]:
    """What it runs and how, by the names people know it by; empty where something is not set."""
    from shlex import join

    ready_timeout = durations.shown(spec.ready_timeout.seconds) if spec.HasField("ready_timeout") else ""

    return {
        "command": join(spec.command),
        "image": spec.image,
        "instances": str(spec.instances),
        "health path": spec.health_path,
        "ready timeout": ready_timeout,
        "rollout": "all at once" if spec.all_at_once else "first instance first",
        "adopts": adoption.words(spec),
        "schema": _schema(spec.schema),
        "groups": ", ".join(spec.groups),
    }


def _schema(text: str) -> str:
    """A schema's size, and what tells it from another of that size."""
    from hashlib import sha256

    return f"{len(text.encode())} bytes, {sha256(text.encode()).hexdigest()[:8]}" if text else ""


def runs(app: "App") -> str:
    """Its command as a shell would take it, else its image, else the Deployment it adopts."""
    if app.spec.command:
        from shlex import join

        return join(app.spec.command)
    return app.spec.image or adoption.name(app.spec)


def instances(app: "App") -> str:
    """How many run, as far as that is the app's own: an adopted Deployment has its own number."""
    return "-" if app.spec.HasField("adopted") else str(app.spec.instances)
