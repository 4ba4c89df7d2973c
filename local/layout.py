"""Where everything of one stack lies under its state folder."""

from dataclasses import dataclass
from pathlib import Path

# The clone this code is in: its services are what the stack runs.
CLONE = Path(__file__).resolve().parent.parent
STATE_FOLDER = ".paas"


@dataclass(frozen=True)
class Layout:
    """The paths of one stack. Each folder is mode 0700, but that users of apps pass through `root` and `apps`.

    They do where the stack is root's: apps have users of their own then, and PostgreSQL is `nobody`.
    """

    root: Path

    @property
    def pg(self) -> Path:
        """PostgreSQL's folder."""
        return self.root / "pg"

    @property
    def tls(self) -> Path:
        """The CA and the certificates."""
        return self.root / "tls"

    @property
    def keys(self) -> Path:
        """The KMS key, the keys that sign identities and audit logs, and a page key for each service."""
        return self.root / "keys"

    @property
    def passwords(self) -> Path:
        """One file a database role."""
        return self.root / "passwords"

    @property
    def logs(self) -> Path:
        """One file a part."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What is only true while the stack runs: sockets, records, the gateway's configuration."""
        return self.root / "run"

    @property
    def apps(self) -> Path:
        """The local runtime's folder: instances and their output."""
        return self.root / "apps"

    @property
    def sign_in(self) -> Path:
        """The CLI's profiles for this stack."""
        return self.root / "cli.toml"

    @property
    def kms_key(self) -> Path:
        """Base64 of the local KMS provider's 32 bytes."""
        return self.keys / "kms.key"

    @property
    def signing_key(self) -> Path:
        """The key of identities."""
        return self.keys / "signing.pem"

    @property
    def log_key(self) -> Path:
        """The key that the audit logs are signed with."""
        return self.keys / "audit-log.pem"

    @property
    def published_logs(self) -> Path:
        """Where audit publishes tenants' logs."""
        return self.root / "audit-logs"

    def page_key(self, service: str) -> Path:
        """The key that a service seals page tokens with."""
        return self.keys / f"page-{service}.key"

    def log(self, part: str) -> Path:
        """The log of a part."""
        return self.logs / f"{part}.log"

    def folders(self) -> tuple[Path, ...]:
        """All folders below the root."""
        return (self.pg, self.tls, self.keys, self.passwords, self.logs, self.run, self.apps, self.published_logs)
