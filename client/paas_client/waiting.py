"""Waiting for a release to end. It goes on whatever becomes of the waiting."""

from collections.abc import Callable
from typing import Final

from paas.releaser.v1 import releaser_pb2

from paas_client.errors import DeadlineExceeded, ReleaseFailed, Unavailable
from paas_client.services.releaser import ReleaserService

_ENDED: Final = (releaser_pb2.STATE_SUCCEEDED, releaser_pb2.STATE_FAILED, releaser_pb2.STATE_SUPERSEDED)
# After so long without news it is asked anew how the release stands.
_QUIET_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 1.0


def ended_release(
    releaser: ReleaserService,
    *,
    app: str,
    number: int,
    timeout: float,
    now: Callable[[], float],
    sleep: Callable[[float], None],
) -> releaser_pb2.Release:
    """The release once it has succeeded, or the one that took its change over.

    Raises ReleaseFailed, DeadlineExceeded after `timeout` seconds, and PaasError where it can't be watched.
    """
    until = now() + timeout
    while (left := until - now()) > 0:
        release = _last_told(releaser, app=app, number=number, idle=min(left, _QUIET_SECONDS))
        if release is None or release.state not in _ENDED:
            sleep(min(left, _PAUSE_SECONDS))
        elif release.state == releaser_pb2.STATE_SUPERSEDED and release.HasField("superseded_by"):
            number = release.superseded_by
        elif release.state == releaser_pb2.STATE_FAILED:
            raise ReleaseFailed(_failed(release, app), code="FAILED_PRECONDITION")
        else:
            return release
    raise DeadlineExceeded(
        f"Release v{number} of {app} has not ended within {timeout:g} seconds; it goes on.", code="DEADLINE_EXCEEDED"
    )


def _last_told(releaser: ReleaserService, *, app: str, number: int, idle: float) -> releaser_pb2.Release | None:
    """What the release was last seen as; None where nothing could be told now."""
    release = None
    try:
        for told in releaser.watch_release(app=app, number=number, idle=idle):
            release = told.release
    except (Unavailable, DeadlineExceeded):  # a stream ends every few minutes, and goes on somewhere else
        pass
    return release


def _failed(release: releaser_pb2.Release, app: str) -> str:
    back = f" Its changes were taken back to v{release.reverted_to}." if release.HasField("reverted_to") else ""
    return f"Release v{release.number} of {app} failed: {release.message.rstrip('.') or 'nothing more is known'}.{back}"
