"""An OpenID Connect issuer of our own, which answers as Keycloak does: a real https server that a test can bend.

with OidcIssuer(folder) as issuer:
    ann = issuer.add_user("ann", tenant="acme", roles=("admin",))
    issuer.url, issuer.ca_file                      # https://localhost:PORT/realms/paas, its CA
    token = issuer.access_token(ann)                # as somebody has who signed in with the CLI
    issuer.access_token(ann, claims={"aud": "other"}, without=("exp",), header={"kid": "none"})
    issuer.id_token(ann), issuer.grant(ann).refresh_token, issuer.service_token("paas-robot")
    issuer.keys.rotate(); issuer.clock.advance(minutes=6); ann.roles = ("viewer",); ann.is_enabled = False
    with issuer.wrong(Fault("token", "is away", status=500)):
        ...
"""

from tests.fakes.oidc_issuer.faults import Fault
from tests.fakes.oidc_issuer.people import Client, User
from tests.fakes.oidc_issuer.server import OidcIssuer

__all__ = ["Client", "Fault", "OidcIssuer", "User"]
