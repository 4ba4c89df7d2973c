"""Which part listens on which port of 127.0.0.1, and whether a port is free."""

import errno
import random
import socket

from local.failures import LocalFailure

HOST = "127.0.0.1"
DEFAULT_BASE_PORT = 7300
# The services, in the order of their ports. The gateway has the base port itself.
SERVICES = ("config", "secrets", "tokens", "audit", "releaser")
GATEWAY = "gateway"


def metrics_of(service: str) -> str:
    """What a service's page of metrics is called among the listeners."""
    return f"{service}-metrics"


LISTENERS = (GATEWAY, *SERVICES, *map(metrics_of, SERVICES))


def port_of(part: str, *, base_port: int) -> int:
    """The port of a part. Raises ValueError for one that has none."""
    return base_port + LISTENERS.index(part)


def require_free(base_port: int) -> None:
    """Raises LocalFailure naming the first port of the range that something else listens on."""
    for part in LISTENERS:
        port = port_of(part, base_port=base_port)
        if not is_free(port):
            other = base_port + 100 if base_port + 100 + len(LISTENERS) < 65536 else DEFAULT_BASE_PORT
            raise LocalFailure(
                f"Port {port}, which {part} needs, is taken by another program: stop it, "
                f"or use other ports with `make demo PORT={other}`."
            )


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now. Raises LocalFailure where no program ever could."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the services do: connections of a stack that was just stopped must not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise LocalFailure(f"Port {port} can't be used: {error.strerror}.") from error
        except OverflowError as error:
            raise LocalFailure(f"{port} is not a port: use one between 1024 and 65000.") from error
    return True


def free_base_port() -> int:
    """A base port whose whole range is free now, below the ports that outgoing connections get. For tests."""
    for _ in range(200):
        base_port = random.randrange(15000, 31000)  # noqa: S311 - a port is no secret
        if all(is_free(base_port + offset) for offset in range(len(LISTENERS))):
            return base_port
    raise LocalFailure("No free range of ports was found.")
