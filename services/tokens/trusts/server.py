"""The composition root of trusts: what the methods need of it, what runs beside them, and what has to be closed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from paaskit.audit import Record
from paaskit.clock import random_id, utc_now
from paaskit.db import Database
from paaskit.gate.denials import Denials
from paaskit.paging import Pages
from paaskit.requests import Expiry
from paaskit.server import Background
from paaskit.settings import SettingsError
from paaskit.write_path import WritePath
from services.tokens.check.leases import outlast
from services.tokens.domain import TextSource
from services.tokens.scopes import ResolveApp
from services.tokens.settings import Settings
from services.tokens.sso.server import open_client
from services.tokens.trusts.budget import Budget
from services.tokens.trusts.exchanges import Exchanges
from services.tokens.trusts.issuers import AllowedIssuers, Issuers
from services.tokens.trusts.rpc import TrustsServicer
from services.tokens.trusts.rules.asked import is_issuer
from services.tokens.trusts.store import EXPIRE, TrustStore
from services.tokens.trusts.trusts import Trusts

_NONE: Final = "none"


@dataclass(frozen=True, kw_only=True)
class TrustsServed:
    """What the methods need: who answers, who ends trusts, what runs beside, and what has to be closed."""

    servicer: TrustsServicer
    trusts: Trusts
    background: Background
    close: Callable[[], Awaitable[None]]


def trusts_served(
    settings: Settings,
    database: Database,
    changes: WritePath,
    *,
    texts: TextSource,
    resolve: ResolveApp,
    record: Record,
    pages: Pages,
) -> TrustsServed:
    """Return trusts on `database`. Raises SettingsError where an issuer is named that is none."""
    client = open_client(settings.exchange_ca_file)
    issuers = Issuers(client, allowed=allowed_issuers(settings.exchange_issuers), clock=utc_now)
    store = TrustStore(database, changes)
    trusts = Trusts(store, allows=issuers.allows, resolve=resolve, clock=utc_now, new_id=random_id, outlast=outlast)
    denials = Denials(record)
    exchanges = Exchanges(
        store, issuers, denials=denials, budget=Budget(), texts=texts, clock=utc_now, new_id=random_id
    )

    async def close() -> None:
        await denials.finish()
        await client.aclose()

    return TrustsServed(
        servicer=TrustsServicer(trusts, exchanges, pages),
        trusts=trusts,
        background=Expiry(database, statement=EXPIRE, turn="exchanges").run,
        close=close,
    )


def allowed_issuers(listed: str) -> AllowedIssuers:
    """Return the issuers that the settings list. Raises SettingsError for one that is no https address."""
    issuers = [] if listed.strip() == _NONE else [each.strip() for each in listed.split(",") if each.strip()]
    if not all(is_issuer(each.removesuffix("/*")) for each in issuers):
        raise SettingsError("PAAS_EXCHANGE_ISSUERS has to list https addresses without a user, a query or a fragment.")
    return AllowedIssuers(issuers)
