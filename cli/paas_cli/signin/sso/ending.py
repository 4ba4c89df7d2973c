"""Ending a session at its issuer with its refresh token: revocation (RFC 7009), else the issuer's own way."""

from paas_cli.signin.sso import kept
from paas_cli.signin.sso.issuer import https
from paas_cli.signin.sso.issuer.https import IssuerError
from paas_cli.signin.sso.store import StoredSignIn


def end(file: str, sign_in: StoredSignIn, *, ca_file: str | None) -> None:
    """Have the issuer end the session. Raises IssuerError where it can't be told, or doesn't do it."""
    token = kept.refresh_token(file, sign_in)
    if token is None:
        raise IssuerError("the refresh token, which it takes to end a session, can't be read")
    if sign_in.end_endpoint is None:
        raise IssuerError("it has no way to end a session from here")
    # Both of its ways: `token` is what revocation takes, `refresh_token` what Keycloak's logout does.
    form = {
        "client_id": sign_in.client_id,
        "token": token,
        "token_type_hint": "refresh_token",
        "refresh_token": token,
    }
    https.ask(https.url(sign_in.end_endpoint, what="its address to end a session"), ca_file=ca_file, form=form)
