"""The settings of sinks, which are among those of `audit`. Read in the composition root alone."""

from dataclasses import dataclass
from pathlib import Path

from paaskit.settings import setting


@dataclass(frozen=True, kw_only=True)
class SinkSettings:
    """Where events are sent as well: which sinks there are, and what each needs."""

    sinks: str = setting(
        "Where events are sent as well, between commas: file, webhook and otlp, each once, with a name of your own "
        "where it is to begin anew (webhook:siem); without it, nowhere.",
        default="",
        refuse_empty=True,
    )
    sinks_begin: str = setting(
        "Where a sink begins that was not there before: end (what is still to come) or beginning (all there is).",
        default="end",
    )
    sink_file: str = setting("The file that the sink file appends JSON Lines to, an absolute path.", default="")
    sink_webhook_url: str = setting("Where the sink webhook sends to, https.", default="")
    sink_webhook_secret_files: str = setting(
        "Files of the secrets that sign for it, whsec_ and base64, between commas: one, or two while it changes.",
        default="",
    )
    sink_webhook_ca_file: Path | None = setting(
        "The CA that its certificate is of, PEM; without it, one of the system's.", default=None
    )
    sink_otlp_url: str = setting(
        "Where a collector takes logs, OTLP over HTTP: all of the address, https, with /v1/logs.", default=""
    )
    sink_otlp_headers_file: Path | None = setting(
        "A file of headers that it asks for, as an API key: name: value, a line each.", default=None
    )
    sink_otlp_ca_file: Path | None = setting(
        "The CA that its certificate is of, PEM; without it, one of the system's.", default=None
    )
