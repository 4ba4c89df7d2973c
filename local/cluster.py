"""`python -m local.cluster VERB`: what a person does from here for a control plane on Kubernetes (docs/deploy.md).

`secrets` makes the certificates, keys and passwords of a cluster of one's own, and the realm of its Keycloak with them.
`sign-in` has tokens, reached through a port that is forwarded, issue somebody's first token. It talks to no cluster
itself.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from local import databases, postgres
from local.failures import LocalFailure
from local.layout import CLONE, Layout
from local.ports import DASHBOARD, DATABASES, GATEWAY, SERVICES
from local.preparation import PEOPLE, ensure_keys
from local.private_files import keep_private, private_folder, write_private
from local.realm import CONFIDENTIAL, realm_with
from local.secrets_made import random_password
from local.signin import LIFETIME, Person, issue_at

KEYCLOAK: Final = "keycloak"
SECRETS: Final = CLONE / "deploy" / "overlays" / "local" / "secrets"


def main(arguments: Sequence[str] | None = None) -> int:
    """Does one verb; the exit code: 0 done, 1 failed with one sentence."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "secrets":
            make_secrets(options.folder, now=datetime.now(UTC))
            print(f"Certificates, keys and passwords are in {options.folder}: keep them to yourself.")
        else:
            person = Person(tenant=options.tenant, user=options.user, role=options.role)
            lifetime = timedelta(days=options.days)
            print(asyncio.run(issue_at(options.tokens, options.tls, person, lifetime=lifetime)))
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def make_secrets(folder: Path, *, now: datetime) -> None:
    """Makes what the overlay `local` reads, where it is missing; what is there stays. `now` is an aware datetime.

    The realm alone is written anew each time, with the secrets that are there: it is the template's otherwise.
    """
    from local.certificates import ensure_certificates

    layout = Layout(folder)
    realm = layout.root / KEYCLOAK / "realm.json"
    for each in (layout.root, layout.tls, layout.keys, layout.passwords, realm.parent):
        private_folder(each)
    ensure_certificates(layout.tls, (*SERVICES, GATEWAY, DASHBOARD, *PEOPLE), now=now)
    # People reach it through a forwarded port, services by its name in the cluster.
    ensure_certificates(layout.tls, (KEYCLOAK,), now=now, hosts=("localhost", "127.0.0.1", f"{KEYCLOAK}.paas.svc"))
    ensure_keys(layout)
    databases.ensure_passwords(layout.passwords, DATABASES)
    for name in (postgres.SUPERUSER, KEYCLOAK):
        keep_private(layout.passwords / name, random_password)
    made = {client: keep_private(layout.passwords / client, random_password).decode() for client in CONFIDENTIAL}
    write_private(realm, realm_with(made))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.cluster", description="A control plane on Kubernetes.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    made = verbs.add_parser("secrets", help="make certificates, keys and passwords for the overlay `local`")
    made.add_argument("--folder", type=Path, default=SECRETS)
    sign_in = verbs.add_parser("sign-in", help="print a token for a person")
    sign_in.add_argument("--tokens", default="127.0.0.1:7443", help="where tokens is reached, host:port")
    sign_in.add_argument("--tls", type=Path, default=SECRETS / "tls", help="folder with operator.pem, .key, ca.pem")
    sign_in.add_argument("--tenant", required=True)
    sign_in.add_argument("--user", required=True)
    sign_in.add_argument("--role", required=True, choices=("viewer", "developer", "admin"))
    sign_in.add_argument("--days", type=int, default=LIFETIME.days, help="how long it lasts")
    return parser


if __name__ == "__main__":
    sys.exit(main())
