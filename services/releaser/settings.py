"""What releaser is told when it starts."""

from dataclasses import dataclass

from paaskit.settings import ServiceSettings, setting


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    """Where releaser finds its neighbours, which runtime it drives, and its time limits."""

    tokens_address: str = setting("Where tokens listens, host:port; asked for the keys that verify identities.")
    audit_address: str = setting("Where audit listens, host:port; told of every release.")
    config_address: str = setting("Where config listens, host:port; asked what an app should run.")
    secrets_address: str = setting("Where secrets listens, host:port; asked for the sealed values of a release.")
    runtime: str = setting("What runs the apps: local.")
    runtime_dir: str = setting(
        "The folder of the local runtime, for logs and what runs now; made if missing.", default=""
    )
    ready_timeout_seconds: float = setting("How long an instance may take to become ready.", default=60.0)
    grace_seconds: float = setting("How long an instance may take to end after SIGTERM.", default=10.0)
    releases_at_once: int = setting("How many apps are released at the same time.", default=4)
    spacing_seconds: float = setting(
        "How far apart the releases of one app start, so that piles collapse.", default=1.0
    )
