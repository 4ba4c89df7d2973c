"""An issuer's own description of itself: OpenID Connect Discovery 1.0, section 4, or RFC 8414, section 3."""

from dataclasses import dataclass

from paas_cli.signin.sso.issuer import https
from paas_cli.signin.sso.issuer.https import IssuerError, Refusal, Url

_OPENID = "/.well-known/openid-configuration"
_OAUTH = "/.well-known/oauth-authorization-server"


@dataclass(frozen=True)
class Metadata:
    """Where things are at an issuer; None for what it doesn't have. `states_itself` is of RFC 9207."""

    issuer: str
    token: Url
    device: Url | None
    authorization: Url | None
    end: Url | None
    states_itself: bool


def discover(issuer: str, *, ca_file: str | None) -> Metadata:
    """What `issuer` says of itself. Raises IssuerError where it can't be asked, or is not the one that answers."""
    where = https.url(issuer, what="the issuer")
    base = where.path.rstrip("/")
    try:
        document = https.ask(Url(where.address, base + _OPENID), ca_file=ca_file)
    except Refusal:  # a server of OAuth alone has its description elsewhere (RFC 8414, section 3.1)
        document = https.ask(Url(where.address, _OAUTH + base), ca_file=ca_file)
    # Exactly, or one issuer could have us sign in at another (RFC 8414, section 3.3).
    if document.get("issuer") != issuer:
        raise IssuerError("it describes another issuer than the one that was asked for")

    def endpoint(*names: str) -> Url | None:
        for name in names:
            if document.get(name) is not None:
                return https.url(document[name], what=f"its {name}")
        return None

    token = endpoint("token_endpoint")
    if token is None:
        raise IssuerError("it has no token_endpoint")
    return Metadata(
        issuer=issuer,
        token=token,
        device=endpoint("device_authorization_endpoint"),
        authorization=endpoint("authorization_endpoint"),
        # Revoking ends this sign-in alone (RFC 7009), the other one every sign-in of the same browser session.
        end=endpoint("revocation_endpoint", "end_session_endpoint"),
        states_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )
