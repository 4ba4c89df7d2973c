"""Links that sign a browser in once: for a stack on one machine, where nobody has a page to sign in at.

`paas open` shows the token that it has, over the gateway as in every call of its own, and gets a link. Its code is good
once and for ten minutes, and what is kept for it opens with that code alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.sessions.sealing import Secret
from dashboard.sessions.store import Store
from paaskit.clock import Clock

LIFETIME: Final = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Link:
    """What a link gives: the token of whoever made it, and their name to be seen before it is taken."""

    bearer: str
    subject: str
    tenant: str

    def __repr__(self) -> str:
        return "Link(…)"


class Links:
    """Links that nobody has taken yet."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def make(self, link: Link) -> tuple[str, datetime]:
        """Keep a link; its code, and when that ends."""
        secret, ends_at = Secret.new(), self._clock() + LIFETIME
        content = {"bearer": link.bearer, "subject": link.subject, "tenant": link.tenant}
        await self._store.keep_once(
            secret.row(), tenant=link.tenant, subject=link.subject, sealed=secret.seal(content), ends_at=ends_at
        )
        return secret.text(), ends_at

    async def look(self, code: str) -> Link | None:
        """Return what a code would give, or None where it gives nothing."""
        secret = Secret.parse(code)
        return None if secret is None else _opened(secret, await self._store.peek(secret.row(), self._clock()))

    async def take(self, code: str) -> Link | None:
        """Return what a code gives, which is then good no more. Of two who take it, one gets it."""
        secret = Secret.parse(code)
        return None if secret is None else _opened(secret, await self._store.take(secret.row(), self._clock()))


def _opened(secret: Secret, sealed: bytes | None) -> Link | None:
    content = secret.open(sealed) if sealed is not None else None
    return Link(**content) if content is not None else None
