"""What an app runs, in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli import times

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
    }


def words(spec: "AppSpec") -> dict[str, str]:
    """What it runs, by the names people know it by; empty where something is not set."""
    from shlex import join

    return {
        "command": join(spec.command),
        "image": spec.image,
        "instances": str(spec.instances),
        "health path": spec.health_path,
    }


def runs(app: "App") -> str:
    """Its command as a shell would take it, else its image."""
    if app.spec.command:
        from shlex import join

        return join(app.spec.command)
    return app.spec.image
