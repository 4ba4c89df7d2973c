"""Where everything of one cluster lies: below one folder, with the addresses its parts have in common."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.failures import LocalFailure
from local.ports import HOST

# A socket's path has to fit into 108 bytes with the zero at its end, and this is the longest one outside.
_LONGEST_SOCKET: Final = "containerd.sock.ttrpc"
_SOCKET_LIMIT: Final = 107


@dataclass(frozen=True)
class Ports:
    """The ports of 127.0.0.1 that the cluster's parts listen on."""

    etcd: int
    etcd_peers: int
    apiserver: int
    kubelet: int


@dataclass(frozen=True)
class Layout:
    """The files of a cluster. Makes none of them."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """The administrator's."""
        return self.folder / "kubeconfig"

    @property
    def pki(self) -> Path:
        """Certificates, keys and the parts' own kubeconfigs."""
        return self.folder / "pki"

    @property
    def logs(self) -> Path:
        """A file for each part, and one for the supervisor."""
        return self.folder / "log"

    @property
    def data(self) -> Path:
        """What the parts write: all of it is thrown away."""
        return self.folder / "data"

    @property
    def settings(self) -> Path:
        """What the parts read."""
        return self.folder / "settings"

    @property
    def containerd_socket(self) -> Path:
        """Where `ctr -a` reaches the cluster's containerd."""
        return self.folder / "containerd.sock"

    @property
    def record(self) -> Path:
        """What `down` needs to know."""
        return self.folder / "record.json"

    @property
    def ready(self) -> Path:
        """There once pods can be made."""
        return self.folder / "ready"

    def log(self, name: str) -> Path:
        """The log of a part."""
        return self.logs / f"{name}.log"

    def require_short(self) -> None:
        """Raises LocalFailure where the path is too long for the sockets in it."""
        if len(bytes(self.folder / _LONGEST_SOCKET)) > _SOCKET_LIMIT:
            raise LocalFailure(f"{self.folder} is too long a path for a cluster's sockets: use a shorter one.")


def api_url(ports: Ports) -> str:
    """Where the API server is."""
    return f"https://{HOST}:{ports.apiserver}"
