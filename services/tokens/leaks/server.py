"""The composition root of leak reports: none where nobody's reports are taken."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx
from paas.leaks.v1 import leaks_pb2, leaks_pb2_grpc

from paaskit.clock import utc_now
from paaskit.listeners import Exposed
from paaskit.rotating_keys import RotatingKeys
from paaskit.settings import https_url
from services.tokens.leaks.keys import fetch_keys
from services.tokens.leaks.reports import Reports
from services.tokens.leaks.rpc import LeaksServicer
from services.tokens.leaks.signatures import Signatures
from services.tokens.leaks.taken import TakenReports
from services.tokens.settings import Settings

_TIMEOUT_SECONDS: Final = 5.0
# GitHub answers 60 requests an hour of an address that is nobody's (docs.github.com/en/rest, "Rate limits"). Replicas
# may share one, and whoever presents unknown keys must not have used it up by the time that a new one is needed.
_FETCH_EVERY: Final = timedelta(hours=1)
_FETCH_AT_MOST_EVERY: Final = timedelta(minutes=5)
_BEFORE_ANY: Final = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class LeakReports:
    """What serves reports, and what has to be closed."""

    exposed: Exposed
    close: Callable[[], Awaitable[None]]


def leak_reports(settings: Settings, reports: Reports) -> LeakReports | None:
    """Return what takes reports that are signed with the keys of the settings; None where these name none.

    Raises SettingsError where their address is not https.
    """
    if not settings.leaks_keys_url:
        return None
    url = https_url(settings.leaks_keys_url, "PAAS_LEAKS_KEYS_URL")
    ca_file = settings.leaks_keys_ca_file
    trusted = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    # It follows no redirects, and takes no proxy from the environment.
    client = httpx.AsyncClient(verify=trusted, timeout=_TIMEOUT_SECONDS, trust_env=False)
    keys = RotatingKeys(
        lambda: fetch_keys(client, url),
        clock=utc_now,
        fetch_every=_FETCH_EVERY,
        at_most_every=_FETCH_AT_MOST_EVERY,
        before_any=_BEFORE_ANY,
    )
    exposed = Exposed(
        leaks_pb2.DESCRIPTOR.services_by_name["LeaksInternalService"],
        leaks_pb2_grpc.add_LeaksInternalServiceServicer_to_server,
        LeaksServicer(TakenReports(Signatures(keys), reports)),
        # The gateway calls it, which reaches the door of users and no other (docs/decisions/0032).
        listen=settings.public_listen,
    )
    return LeakReports(exposed=exposed, close=client.aclose)
