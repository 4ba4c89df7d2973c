"""Renewing a sign-in: a fresh access token for the refresh token (RFC 6749, section 6), once for all who wait."""

from dataclasses import replace

from paas_cli.errors import NOT_SIGNED_IN, UNAVAILABLE, Failure
from paas_cli.files.file_lock import locked
from paas_cli.signin.sso import kept, store
from paas_cli.signin.sso.credential import Keeper
from paas_cli.signin.sso.issuer import grant, https
from paas_cli.signin.sso.issuer.https import IssuerError, Refusal, Unreachable
from paas_cli.signin.sso.store import StoredSignIn
from paas_cli.terminal.text import visible

# The session is over; what else an issuer may refuse (RFC 6749, section 5.2) another sign-in does not change.
_OVER = "invalid_grant"


def renew(keeper: Keeper, *, refused: str | None, login: str) -> StoredSignIn:
    """A sign-in whose access token is good and not the one that was `refused`. `login` is the hint to sign in again.

    Raises Failure where the session has ended (exit code 3) or can't be renewed now (5).
    """
    file = keeper.file
    with locked(file):
        stored = store.read(file)
        if stored is None:
            raise Failure(f"You are not signed in any more: {login} signs you in again.", exit_code=NOT_SIGNED_IN)
        now = keeper.now()
        if stored.renew_at > now and stored.access_token != refused:
            return stored  # another has renewed it meanwhile
        with kept.uninterrupted():
            try:
                return _renewed(keeper, stored, login=login)
            except Refusal as refusal:
                if refusal.code != _OVER:
                    raise _refused(stored, refusal, login) from None
                kept.forget(file, stored)
                raise _ended(stored, login) from None
            except IssuerError as error:
                if refused is None and isinstance(error, Unreachable) and stored.expires_at > now:
                    return stored  # it is good for a moment yet
                raise Failure(
                    f"Your sign-in could not be renewed, since {visible(stored.issuer)} can't be asked "
                    f"({visible(str(error))}); try again in a moment.",
                    exit_code=UNAVAILABLE,
                ) from None


def _renewed(keeper: Keeper, stored: StoredSignIn, *, login: str) -> StoredSignIn:
    refresh_token = kept.refresh_token(keeper.file, stored)
    if refresh_token is None:
        where = (
            "the system's keyring does not give its refresh token" if stored.in_keyring else "it has no refresh token"
        )
        raise Failure(f"Your sign-in can't be renewed: {where}. Sign in again: {login}.", exit_code=NOT_SIGNED_IN)
    form = {"grant_type": "refresh_token", "client_id": stored.client_id, "refresh_token": refresh_token}
    endpoint = https.url(stored.token_endpoint, what="its token_endpoint")
    answer = https.ask(endpoint, ca_file=keeper.ca_file, form=form)
    known = replace(stored, refresh_token=refresh_token)
    return kept.keep(keeper.file, kept.renewed(known, grant.read(answer), now=keeper.now()))


def _ended(stored: StoredSignIn, login: str) -> Failure:
    return Failure(
        f"Your session at {visible(stored.issuer)} has ended. Sign in again: {login}.", exit_code=NOT_SIGNED_IN
    )


def _refused(stored: StoredSignIn, refusal: Refusal, login: str) -> Failure:
    return Failure(
        f"{visible(stored.issuer)} refused to renew your sign-in ({refusal.code}). Sign in again: {login}.",
        exit_code=NOT_SIGNED_IN,
    )
