# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH108
"""Changing what is kept of a sign-in: one process at a time, and no signal halfway.

Refresh tokens are often good once, and a second use of one ends the session (RFC 9700, section 4.14.2). So whoever
renews, signs in or signs out holds the file's lock, reads anew under it, and is not stopped between the issuer's answer
and the file.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from paas_cli.errors import Failure
from paas_cli.signin.sso import keyring, store
from paas_cli.signin.sso.issuer.grant import Grant
from paas_cli.signin.sso.store import StoredSignIn

# Seconds before its end that an access token is renewed: what a slow call and two clocks may take.
_MARGIN = 30
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Have Ctrl-C and the like wait for the end of the block, which must not take long."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def renewed(sign_in: StoredSignIn, grant: Grant, *, now: float) -> StoredSignIn:
    """The sign-in with what an issuer granted just now, which is `now` in seconds since 1970."""
    now = int(now)
    return replace(
        sign_in,
        access_token=grant.access_token,
        expires_at=now + grant.seconds,
        renew_at=now + grant.seconds - min(_MARGIN, grant.seconds // 4),
        idle_until=now + grant.idle_seconds if grant.idle_seconds is not None else None,
        # An issuer that gives no new one means the old to go on (RFC 6749, section 6).
        refresh_token=grant.refresh_token or sign_in.refresh_token,
    )


def keep(file: str, sign_in: StoredSignIn) -> StoredSignIn:
    """Write it, the refresh token into the keyring where there is one; what was written. Raises Failure."""
    in_keyring = sign_in.refresh_token is not None and keyring.put(file, sign_in.refresh_token)
    written = replace(sign_in, in_keyring=in_keyring)
    try:
        store.write(file, written)
    except Failure:
        if in_keyring:
            keyring.forget(file)
        raise
    return written


def refresh_token(file: str, sign_in: StoredSignIn) -> str | None:
    """The refresh token, wherever it is kept."""
    return keyring.get(file) if sign_in.in_keyring else sign_in.refresh_token


def forget(file: str, sign_in: StoredSignIn) -> None:
    """Keep nothing of it."""
    if sign_in.in_keyring:
        keyring.forget(file)
    discard(file)


def discard(file: str) -> None:
    """Take the file away, whatever is in it. Raises Failure where that isn't allowed."""
    with suppress(FileNotFoundError):
        try:
            os.unlink(file)
        except PermissionError:
            raise Failure(f"{file} can't be removed: permission denied.") from None
