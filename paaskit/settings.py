"""Settings: one frozen dataclass a service, read once, from environment variables named after its fields.

Field `tls_cert_file` is read from `PAAS_TLS_CERT_FILE`. Credentials are paths of files, never values, because an
environment shows in process lists, crash reports and child processes.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

T = TypeVar("T")


class SettingsError(Exception):
    """A setting is missing or unusable. The message names the variable and says what it is for."""


def setting(description: str, *, refuse_empty: bool = False, **keywords: Any) -> Any:
    """Declare a settings field with the sentence that says what it is for; `default=` makes it optional.

    One that is set to nothing is as one that is not set, but for those that `refuse_empty`: of these somebody meant
    something, and going on without would be less than they think they have.
    """
    return dataclasses.field(metadata={"description": description, "refuse_empty": refuse_empty}, **keywords)


@dataclass(frozen=True, kw_only=True)
class TlsSettings:
    """Where a service finds its certificate. All three are required: there is no plaintext mode."""

    tls_cert_file: Path = setting("This service's certificate chain, PEM.")
    tls_key_file: Path = setting("The private key of the certificate, PEM.")
    tls_ca_file: Path = setting("The CA whose certificates are accepted, PEM.")


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(TlsSettings):
    """What every service needs."""

    listen: str = setting("The address to serve other services on, host:port.")
    public_listen: str = setting(
        "The address to serve users' methods on, host:port, which only the gateway has to reach; without it `listen`.",
        default="",
    )
    database_url: str = setting("The PostgreSQL database, as a URL without a password.")
    database_password_file: Path = setting("A file with the password of the database role.")
    page_key_file: Path = setting("A file with 32 random bytes, base64: seals page tokens, the same in all replicas.")
    log_level: str = setting("The least level that is logged: debug, info, warning or error.", default="info")
    environment: str = setting("local or production.", default="production")
    drain_seconds: float = setting(
        "How long to go on answering after being told to stop, while callers learn of it. Where something before that "
        "keeps callers away, as Kubernetes' preStop does, 0.",
        default=0.0,
    )
    metrics_listen: str = setting(
        "The address to serve metrics on, host:port, in plain HTTP to whoever reaches it; without it there are none.",
        default="",
    )
    traces_endpoint: str = setting(
        "Where a collector takes traces, OTLP over gRPC, http://host:port or https://host:port; without it there are "
        "none.",
        default="",
    )


def https_url(url: str, name: str) -> str:
    """Return `url`, the value of the variable `name`, where it is an https address and nothing else (CVE-2026-48522).

    Raises SettingsError.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise SettingsError(f"{name} has to be an https address without a user, a query or a fragment.")
    return url


def load_settings(kind: type[T], environment: Mapping[str, str]) -> T:
    """Return `kind` filled from `environment`. Raises SettingsError naming every variable that is wrong."""
    hints = get_type_hints(kind)
    values: dict[str, object] = {}
    problems: list[str] = []
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # T is a dataclass by contract
        name = f"PAAS_{field.name.upper()}"
        raw = environment.get(name)
        if raw == "" and field.metadata.get("refuse_empty"):
            problems.append(f"{name} is set and empty: name what is meant, or do not set it.")
        elif raw is None or raw == "":
            if field.default is dataclasses.MISSING:
                problems.append(f"{name} is not set. {field.metadata.get('description', '')}")
        else:
            try:
                values[field.name] = _convert(hints[field.name], raw)
            except (ValueError, OSError) as error:
                problems.append(f"{name} is unusable: {error}")
    if problems:
        raise SettingsError(" ".join(problems))
    return kind(**values)


def _convert(hint: Any, raw: str) -> object:
    if hint in (Path, Path | None):
        path = Path(raw)
        with path.open("rb"):  # unreadable now is better told now than at the first request
            return path
    if hint is int or hint is float:
        return hint(raw)
    if hint is str:
        return raw
    raise TypeError(f"settings fields are str, int, float or Path, not {hint}")
