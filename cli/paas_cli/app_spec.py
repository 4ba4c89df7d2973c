"""What an app runs, in words and as JSON. Must not call anything."""

from typing import TYPE_CHECKING

from paas_cli import times

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import App


def document(app: "App") -> dict[str, object]:
    """The app as JSON shows it; what is not set is null."""
    return {
        "id": app.app_id,
        "name": app.name,
        "command": list(app.spec.command),
        "image": app.spec.image or None,
        "instances": app.spec.instances,
        "health_path": app.spec.health_path or None,
        "version": app.version,
        "created_at": times.or_null(app.created_at),
    }


def runs(app: "App") -> str:
    """Its command as a shell would take it, else its image."""
    if app.spec.command:
        from shlex import join

        return join(app.spec.command)
    return app.spec.image
