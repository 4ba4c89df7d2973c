"""Streams that are open, by the token they were opened with: they end when the token does.

Every other request is looked at when it begins. A stream may go on for hours after that, so the tokens of open streams
are looked at again every two seconds, all of them in one call. A sign-in at an identity provider is no token that
anybody here could be asked about: its streams end when it does, and are opened again with the next one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

import structlog

from paaskit import metrics
from paaskit.clock import Clock, utc_now
from paaskit.errors import PaasError, Unauthenticated, Unavailable
from paaskit.identity import Identity, StoredToken
from paaskit.logs import describe_exception

LOOK_EVERY_SECONDS: Final = 2.0
# Fail closed, but not for a restart of tokens.
_TRUSTED_FOR_SECONDS: Final = 10.0
_TOKEN_ENDED: Final = "token_ended"  # noqa: S105  # why a stream ended; no token
_SIGN_IN_ENDED: Final = "sign_in_ended"
_TOKENS_AWAY: Final = "tokens_away"

TokenKey = tuple[str, str]
"""A tenant, and what tells one of its credentials apart: for a token, its id."""

EndedTokens = Callable[[Collection[TokenKey]], Awaitable[Collection[TokenKey]]]
"""Returns which of the tokens have ended. Raises Unavailable where that can't be told."""

log = structlog.get_logger()


class _Stream:
    """One open stream: the task that serves it, when it ends by itself (None: with its token), and why it ended."""

    def __init__(self, task: "asyncio.Task[object]", *, ends_at: datetime | None) -> None:
        self.ends_at = ends_at
        self._task = task
        self._why: PaasError | None = None

    def end(self, why: PaasError) -> bool:
        """End it, unless it was ended before; return whether it was not."""
        if self._why is not None:
            return False
        self._why = why
        self._task.cancel()
        return True

    def why_cancelled(self) -> PaasError | None:
        """Return why `end` cancelled the task, which is then as if it had not been; None where somebody else did."""
        if self._why is not None:
            self._task.uncancel()
        return self._why


class Sessions:
    """The streams of this process that users opened."""

    def __init__(
        self, ended: EndedTokens, *, clock: Callable[[], float] = time.monotonic, now: Clock = utc_now
    ) -> None:
        self._ended = ended
        self._clock = clock
        self._now = now
        self._open: dict[TokenKey, set[_Stream]] = {}
        self._some = asyncio.Event()
        self._told_at = 0.0
        for reason in (_TOKEN_ENDED, _SIGN_IN_ENDED, _TOKENS_AWAY):
            metrics.STREAMS_ENDED.labels(reason)  # shown as 0 until there is one

    @contextmanager
    def stream(self, identity: Identity) -> Iterator[None]:
        """Let the current task serve a stream of this user for the block. Raises what the stream is ended with."""
        task = asyncio.current_task()
        assert task is not None, "a stream is served by a task"
        ends_at = None if isinstance(identity.origin, StoredToken) else identity.ends_at
        key, stream = (identity.tenant, identity.origin.credential), _Stream(task, ends_at=ends_at)
        if not self._open:
            self._told_at = self._clock()
            self._some.set()
        self._open.setdefault(key, set()).add(stream)
        try:
            yield
        except asyncio.CancelledError:
            why = stream.why_cancelled()
            if why is None:
                raise
            raise why from None
        finally:
            self._open[key].discard(stream)
            if not self._open[key]:
                del self._open[key]
            if not self._open:
                self._some.clear()

    async def run(self) -> None:
        """Look again and again, as long as there are streams."""
        while True:
            await self._some.wait()
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """End the streams whose token or sign-in has ended, and all of them where that could not be told for long."""
        self._end_over()
        asked = [key for key, streams in self._open.items() if any(each.ends_at is None for each in streams)]
        if not asked:
            self._told_at = self._clock()
            return
        began = self._clock()
        try:
            ended = await self._ended(asked)
        except Exception as error:  # whatever it is, nobody can tell now who is still signed in
            metrics.SESSIONS_NOT_LOOKED_AT.inc()
            log.warning("sessions_not_looked_at", streams=len(asked), **describe_exception(error))
            if self._clock() - self._told_at >= _TRUSTED_FOR_SECONDS:
                away = Unavailable(
                    "The tokens service cannot be reached, so nobody can tell whether your sign-in still holds. "
                    "Follow again in a moment.",
                    metadata={"service": "tokens"},
                )
                self._end(asked, away, reason=_TOKENS_AWAY)
            return
        self._told_at = began
        self._end(
            ended,
            Unauthenticated("Your token has expired or was revoked, so this ends here. Sign in and try again."),
            reason=_TOKEN_ENDED,
        )

    def _end_over(self) -> None:
        """End the streams whose sign-in's time is over."""
        now = self._now()
        over = Unauthenticated("The time of your sign-in is over, so this ends here. Follow again with the next one.")
        for streams in list(self._open.values()):
            for stream in list(streams):
                if stream.ends_at is not None and stream.ends_at <= now and stream.end(over):
                    metrics.STREAMS_ENDED.labels(_SIGN_IN_ENDED).inc()

    def _end(self, keys: Collection[TokenKey], why: PaasError, *, reason: str) -> None:
        for key in keys:
            for stream in list(self._open.get(key, ())):
                if stream.end(why):
                    metrics.STREAMS_ENDED.labels(reason).inc()
