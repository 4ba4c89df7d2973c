"""What a gateway offers to sign in with: it tells whoever asks, at `/.well-known/paas`."""

from dataclasses import dataclass

from paas_cli.signin.sso.issuer import https
from paas_cli.signin.sso.issuer.https import IssuerError
from paas_transport.address import Address

_PATH = "/.well-known/paas"


@dataclass(frozen=True)
class Offer:
    """Sign in at `issuer`, as the public client `client_id`, asking for `scopes`."""

    issuer: str
    client_id: str
    scopes: str


def ask(gateway: Address, *, ca_file: str | None) -> Offer | None:
    """The offer, None where the gateway has no single sign-on. Raises IssuerError where it doesn't say."""
    status, body = https.exchange(gateway, _PATH, ca_file=ca_file)
    document = https.parsed(body) if status == 200 else None
    told = (document or {}).get("sign_in")
    if body.lstrip()[:1] == b"<":
        raise IssuerError(f"it answers with a web page (HTTP status {status}), so it is not a gateway's address")
    if not isinstance(told, dict):
        raise IssuerError("it does not say how to sign in")
    if told.get("kind") == "operator":
        return None
    issuer, client_id, scopes = told.get("issuer"), told.get("client_id"), told.get("scopes", [])
    if told.get("kind") != "oidc" or not isinstance(issuer, str) or not isinstance(client_id, str):
        raise IssuerError("it wants a kind of sign-in that this `paas` does not know; install a newer one")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise IssuerError("it wants a kind of sign-in that this `paas` does not know; install a newer one")
    return Offer(issuer, client_id, " ".join(scopes))
