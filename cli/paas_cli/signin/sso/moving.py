"""Keeping a sign-in under another name: the file, and the refresh token that the keyring has by the file's name."""

from dataclasses import replace

from paas_cli.errors import Failure
from paas_cli.files.file_lock import locked
from paas_cli.signin.sso import kept, store


def move(old: str, new: str) -> None:
    """Keep in `new` what is kept in `old`; nothing where nothing is. Raises Failure, and `old` is as it was."""
    if store.read(old) is None:
        return
    with locked(old), locked(new), kept.uninterrupted():
        stored = store.read(old)
        if stored is None:
            return
        if store.read(new) is not None:
            raise Failure("There is a sign-in under the new name already; sign out there first, or take another name.")
        refresh_token = kept.refresh_token(old, stored)
        if stored.in_keyring and refresh_token is None:
            raise Failure(
                "The system's keyring does not give the refresh token of this sign-in, so it can't be moved; unlock it "
                "and try again, or sign in under the new name."
            )
        kept.keep(new, replace(stored, refresh_token=refresh_token, in_keyring=False))
        kept.forget(old, stored)
