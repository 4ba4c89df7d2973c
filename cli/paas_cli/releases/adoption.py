"""The Deployment an app takes over, as it is typed and shown. Must not call anything."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paas_cli.errors import Misuse

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import AppSpec


@dataclass(frozen=True)
class Adoption:
    """A Deployment, and the container of it that is meant; empty where it has one alone."""

    namespace: str
    deployment: str
    container: str


def parse(adopt: str | None, container: str | None, *, own: dict[str, bool]) -> Adoption | None:
    """What --adopt and --container ask for; None without them. `own` says which options of the app's own are given.

    Raises Misuse where that is no NAMESPACE/DEPLOYMENT, and for options that say what the Deployment says itself.
    """
    if adopt is None:
        if container is not None:
            raise Misuse("--container names a container of what --adopt takes over; give both.")
        return None
    clashing = [option for option, is_given in own.items() if is_given]
    if clashing:
        raise Misuse(
            f"--adopt and {', '.join(clashing)} are given; give either. An adopted Deployment has a command, an image, "
            "instances and a health check of its own."
        )
    namespace, _, deployment = adopt.partition("/")
    if not namespace or not deployment or "/" in deployment:
        raise Misuse("--adopt takes a namespace and a Deployment's name, such as shop/web.")
    return Adoption(namespace, deployment, container or "")


def name(spec: "AppSpec") -> str:
    """`shop/web`; empty where nothing is adopted."""
    return f"{spec.adopted.namespace}/{spec.adopted.deployment}" if spec.HasField("adopted") else ""


def words(spec: "AppSpec") -> str:
    """`shop/web` or `shop/web, container app`; empty where nothing is adopted."""
    container = spec.adopted.container
    return f"{name(spec)}, container {container}" if container else name(spec)


def document(spec: "AppSpec") -> dict[str, object] | None:
    """What it adopts as JSON shows it; null where nothing."""
    if not spec.HasField("adopted"):
        return None
    adopted = spec.adopted
    return {
        "namespace": adopted.namespace,
        "deployment": adopted.deployment,
        "container": adopted.container or None,
    }
