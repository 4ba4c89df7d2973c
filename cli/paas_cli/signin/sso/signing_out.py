"""What `paas logout` does with a sign-in: have the issuer end its session, and keep nothing of it either way."""

import os
from dataclasses import dataclass

from paas_cli.errors import Failure
from paas_cli.files.file_lock import locked
from paas_cli.signin.sso import ending, kept, store
from paas_cli.signin.sso.issuer.https import IssuerError, Refusal


@dataclass(frozen=True)
class SignedOut:
    """Whose session it was, None where that can't be read, and why it could not be ended there, None where it was."""

    issuer: str | None
    trouble: str | None


def sign_out(path: str, *, ca_file: str | None) -> SignedOut | None:
    """Forget the sign-in in a file; None where there is none. Raises Failure where that can't be done."""
    if not os.path.lexists(path):  # no file of a lock's for who never signed in
        return None
    with locked(path):
        try:
            stored = store.read(path)
        except Failure as unreadable:
            kept.discard(path)
            return SignedOut(None, unreadable.sentence.rstrip("."))
        if stored is None:
            return None
        try:
            ending.end(path, stored, ca_file=ca_file)
            trouble = None
        except Refusal as refusal:
            # What can't be renewed has ended before.
            trouble = None if refusal.code == "invalid_grant" else f"it answers {refusal.code}"
        except (IssuerError, Failure) as error:
            trouble = str(error)
        finally:
            kept.forget(path, stored)
    return SignedOut(stored.issuer, trouble)
