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
    runtime: str = setting("What runs the apps: local or kubernetes.")
    runtime_dir: str = setting(
        "The folder of the local runtime, for logs and what runs now; made if missing.", default=""
    )
    kubeconfig: str = setting(
        "The kubeconfig file of the kubernetes runtime; not set, the service account of the pod this runs in.",
        default="",
    )
    namespace_prefix: str = setting(
        "What the name of a tenant's namespace begins with, in the kubernetes runtime; the tenant follows.",
        default="tenant-",
    )
    ready_timeout_seconds: float = setting(
        "How long an instance may take to become ready, of an app that does not say it itself.", default=120.0
    )
    grace_seconds: float = setting("How long an instance may take to end after SIGTERM.", default=10.0)
    releases_at_once: int = setting(
        "How many apps are released at the same time, by all processes together.", default=32
    )
    releases_of_tenant_at_once: int = setting(
        "How many apps of one tenant are released at the same time, by all processes together.", default=4
    )
    spread_seconds: float = setting(
        "How far apart, by chance, releases start where more than half of those that may be under way at once are.",
        default=1.0,
    )
    spacing_seconds: float = setting(
        "How far apart the releases of one app start, so that piles collapse; three times that where they pile up.",
        default=1.0,
    )
