"""Which sinks an operator has set up. What is half set up, unknown or said twice keeps audit from starting."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paaskit.clock import Clock
from paaskit.settings import SettingsError
from services.audit.sinks.kinds.file import FileSink
from services.audit.sinks.kinds.http import Receiver, checked_url, open_client
from services.audit.sinks.kinds.signatures import load_secrets
from services.audit.sinks.kinds.webhook import WebhookSink
from services.audit.sinks.settings import SinkSettings
from services.audit.sinks.sink import Sink

_ENTRY: Final = re.compile(r"([a-z]+)(?::[a-z0-9][a-z0-9-]{0,31})?", re.ASCII)
_HEADER: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+): ?([\x21-\x7e][\x20-\x7e]*)", re.ASCII)
_BEGIN: Final = ("end", "beginning")


@dataclass(frozen=True)
class Named:
    """A sink, what an operator calls it, and its kind."""

    name: str
    kind: str
    sink: Sink


@dataclass(frozen=True)
class Kind:
    """A kind of sink: what it needs, what it may have, and how it is made."""

    needed: Sequence[str]
    further: Sequence[str]
    made: Callable[[SinkSettings, Clock], Sink]


def sinks_from(settings: SinkSettings, *, clock: Clock) -> Sequence[Named]:
    """Return the sinks there are to be. Raises SettingsError naming the setting that is wrong."""
    named = dict(_entries(settings.sinks))
    if settings.sinks_begin not in _BEGIN:
        raise SettingsError("PAAS_SINKS_BEGIN is unusable: it is end or beginning.")
    for name, kind in _KINDS.items():
        for field in (*kind.needed, *kind.further):
            if getattr(settings, field) and name not in named:
                raise SettingsError(f"{_variable(field)} is set, and PAAS_SINKS does not name {name}.")
        for field in kind.needed if name in named else ():
            if not getattr(settings, field):
                raise SettingsError(f"{_variable(field)} is not set, and PAAS_SINKS names {name}, which needs it.")
    return [Named(entry, kind, _KINDS[kind].made(settings, clock)) for kind, entry in named.items()]


def _entries(text: str) -> list[tuple[str, str]]:
    """Return the kinds that are named, each with its whole entry."""
    found: dict[str, str] = {}
    for entry in (each.strip() for each in text.split(",")) if text else ():
        matched = _ENTRY.fullmatch(entry)
        if matched is None or matched[1] not in _KINDS:
            raise SettingsError(
                f"PAAS_SINKS is unusable: {entry!r} is none of {', '.join(_KINDS)}, with or without a name after a "
                "colon, of small letters, digits and dashes."
            )
        if matched[1] in found:
            raise SettingsError(f"PAAS_SINKS is unusable: it names {matched[1]} twice.")
        found[matched[1]] = entry
    return list(found.items())


def _variable(field: str) -> str:
    return f"PAAS_{field.upper()}"


def _file(settings: SinkSettings, _: Clock) -> Sink:
    path = Path(settings.sink_file)
    if not path.is_absolute():
        raise SettingsError("PAAS_SINK_FILE has to be an absolute path.")
    return FileSink(path)


def _webhook(settings: SinkSettings, clock: Clock) -> Sink:
    url = checked_url(settings.sink_webhook_url, "PAAS_SINK_WEBHOOK_URL")
    secrets = load_secrets(settings.sink_webhook_secret_files, "PAAS_SINK_WEBHOOK_SECRET_FILES")
    client = open_client(settings.sink_webhook_ca_file, "PAAS_SINK_WEBHOOK_CA_FILE")
    return WebhookSink(Receiver(client, url, clock=clock), secrets, clock=clock)


def _otlp(settings: SinkSettings, clock: Clock) -> Sink:
    url = checked_url(settings.sink_otlp_url, "PAAS_SINK_OTLP_URL")
    headers = _headers(settings.sink_otlp_headers_file)
    try:
        from services.audit.sinks.kinds.otlp import OtlpSink
    except ImportError:
        raise SettingsError("PAAS_SINKS names otlp, and the package opentelemetry-proto is not installed.") from None
    client = open_client(settings.sink_otlp_ca_file, "PAAS_SINK_OTLP_CA_FILE")
    return OtlpSink(Receiver(client, url, clock=clock), headers)


def _headers(path: Path | None) -> Mapping[str, str]:
    """Read a file of headers. Raises SettingsError, which shows nothing of what is in it."""
    if path is None:
        return {}
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        lines = []
    found = [_HEADER.fullmatch(line) for line in lines]
    if not found or not all(found):
        raise SettingsError("PAAS_SINK_OTLP_HEADERS_FILE has to have lines of the form name: value, and nothing else.")
    return {each[1].lower(): each[2] for each in found if each}


_KINDS: Final = {
    "file": Kind(("sink_file",), (), _file),
    "webhook": Kind(("sink_webhook_url", "sink_webhook_secret_files"), ("sink_webhook_ca_file",), _webhook),
    "otlp": Kind(("sink_otlp_url",), ("sink_otlp_headers_file", "sink_otlp_ca_file"), _otlp),
}
