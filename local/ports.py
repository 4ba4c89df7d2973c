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


def metrics_of(process: str) -> str:
    """What a process's page of metrics is called among the listeners."""
    return f"{process}-metrics"


def public_of(service: str) -> str:
    """What a service's server of users' methods is called among the listeners: only the gateway connects to it."""
    return f"{service}-public"


SIGN_IN_CHECK = "sign-in-check"
DASHBOARD = "dashboard"
# Where the gateway takes the calls that the dashboard makes for people.
FOR_DASHBOARD = "gateway-for-dashboard"
# What has a database: the services, and the dashboard, for its sessions.
DATABASES = (*SERVICES, DASHBOARD)
# What is a process, and there may be several of each. The check is tokens' own, apart from what else tokens serves.
PROCESSES = (*SERVICES, SIGN_IN_CHECK)
LISTENERS = (
    GATEWAY,
    *SERVICES,
    *map(metrics_of, SERVICES),
    *map(public_of, SERVICES),
    SIGN_IN_CHECK,
    metrics_of(SIGN_IN_CHECK),
    FOR_DASHBOARD,
    DASHBOARD,
    metrics_of(DASHBOARD),
)
MOST_WORKERS = 4


def service_of(process: str) -> str:
    """The service that a process is of: whose program, certificate and database it has."""
    return "tokens" if process == SIGN_IN_CHECK else process


def port_of(part: str, *, base_port: int, worker: int = 1) -> int:
    """The port of a part in one of its processes, counted from 1. Raises ValueError for one of none.

    Those of the first process follow the gateway's, those of the second follow these, and so on.
    """
    return base_port + LISTENERS.index(part) + (worker - 1) * (len(LISTENERS) - 1)


def how_many_ports(workers: int) -> int:
    """How many ports a stack with so many processes of each kind takes, the base port and those after it."""
    return 1 + workers * (len(LISTENERS) - 1)


def require_free(base_port: int, *, workers: int = 1) -> None:
    """Raises LocalFailure naming the first port of the range that something else listens on."""
    more = [(part, worker) for worker in range(2, workers + 1) for part in LISTENERS if part != GATEWAY]
    for part, worker in [*((part, 1) for part in LISTENERS), *more]:
        port = port_of(part, base_port=base_port, worker=worker)
        if not is_free(port):
            other = base_port + 100 if base_port + 100 + how_many_ports(workers) < 65536 else DEFAULT_BASE_PORT
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


def reserve(port: int) -> socket.socket | None:
    """Keeps a port for this process's own servers, or any free one for 0; None where it is taken.

    Until the socket is closed nobody else is given the port, and none of ours is refused it: they listen with
    SO_REUSEADDR, which a bound socket that doesn't listen allows. A connection to it is refused meanwhile.
    """
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        reserved.bind((HOST, port))
    except OSError:
        reserved.close()
        return None
    # Only now: set before, it would share the port with another socket that does the same.
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return reserved


_kept: list[socket.socket] = []


def free_base_port(*, workers: int = 1) -> int:
    """A base port whose whole range is free now and stays so for this process. For tests and benchmarks.

    Below the ports that app instances and outgoing connections get.
    """
    count = how_many_ports(workers)
    for _ in range(200):
        base_port = random.randrange(10000, 19900)  # noqa: S311 - a port is no secret
        reserved = [each for offset in range(count) if (each := reserve(base_port + offset))]
        if len(reserved) == count:
            _kept.extend(reserved)
            return base_port
        for each in reserved:
            each.close()
    raise LocalFailure("No free range of ports was found.")
