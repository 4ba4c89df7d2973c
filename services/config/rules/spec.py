"""What an app may be told to run."""

from typing import Final

from env_schema import reading
from env_schema.schema import UnreadableSchema
from paaskit.errors import FieldViolation
from services.config.domain import AppSpec
from services.config.rules.adoption import check_adoption

_MAX_INSTANCES: Final = 100
_MAX_COMMAND_BYTES: Final = 8 * 1024
_READY_TIMEOUT_SECONDS: Final = range(5, 3600 + 1)


def check_spec(spec: AppSpec) -> list[FieldViolation]:
    """Return what is wrong with a spec."""
    found: list[FieldViolation] = []
    if not 0 <= spec.instances <= _MAX_INSTANCES:
        found.append(FieldViolation("spec.instances", f"an app has 0 to {_MAX_INSTANCES} instances"))
    if spec.instances > 0 and not runs(spec):
        found.append(FieldViolation("spec", "an app with instances needs a command or an image"))
    size = sum(len(part.encode()) for part in spec.command)
    if any("\0" in part for part in spec.command) or size > _MAX_COMMAND_BYTES:
        found.append(FieldViolation("spec.command", "a command has no NUL character and at most 8 KiB"))
    if spec.command and not spec.command[0]:
        found.append(FieldViolation("spec.command", "a command starts with the name of a program"))
    if len(spec.image) > 512 or any(character.isspace() or character < " " for character in spec.image):
        found.append(FieldViolation("spec.image", "an image reference has at most 512 characters and no white space"))
    path = spec.health_path
    if path and (not path.startswith("/") or len(path) > 512 or not path.isprintable() or " " in path):
        found.append(FieldViolation("spec.health_path", "a health path starts with / and has no white space"))
    if spec.ready_timeout is not None and spec.ready_timeout not in _READY_TIMEOUT_SECONDS:
        found.append(FieldViolation("spec.ready_timeout", "an instance may take 5 seconds to 1 hour to become ready"))
    return found + _check_schema(spec.schema) + check_adoption(spec)


def _check_schema(schema: str) -> list[FieldViolation]:
    try:
        reading.read(schema)
    except UnreadableSchema as unreadable:
        return [FieldViolation("spec.schema", str(unreadable).removesuffix("."))]
    return []


def spec_key(spec: AppSpec) -> list[object]:
    """Return the spec as the parts of a request's fingerprint.

    What was added later has a part where it is said alone, so that requests of before are known again.
    """
    adopted = spec.adopted
    later = {
        "ready_timeout": spec.ready_timeout,
        "all_at_once": spec.all_at_once or None,
        "adopted": adopted and [adopted.namespace, adopted.deployment, adopted.container],
        "schema": spec.schema or None,
    }
    said = [[name, value] for name, value in later.items() if value is not None]
    return [list(spec.command), spec.image, spec.instances, spec.health_path, *said]


def runs(spec: AppSpec) -> bool:
    """Whether there is anything to be run."""
    return bool(spec.command or spec.image or spec.adopted)
