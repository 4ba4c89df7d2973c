"""The access token of a sign-in, renewed in time. While it is good this loads nothing and asks nobody."""

from collections.abc import Callable
from dataclasses import dataclass

from paas_cli.signin.sso.store import StoredSignIn


@dataclass(frozen=True)
class Keeper:
    """Where a sign-in is kept, with which authorities beside the system's its issuer is asked, and what time it is."""

    file: str
    ca_file: str | None
    now: Callable[[], float]


class Credential:
    """What one command calls with. `login` is the hint to sign in again."""

    def __init__(self, sign_in: StoredSignIn, keeper: Keeper, *, login: str) -> None:
        self._sign_in = sign_in
        self._keeper = keeper
        self._login = login
        self._renewed_early = False

    def token(self) -> str:
        """A good access token. Raises Failure where there is none to be had."""
        if self._is_due():
            self._renew(refused=None)
        return self._sign_in.access_token

    def renew_refused(self) -> bool:
        """Renew what was refused, and return whether to try again with that: not where a fresh one was refused too.

        Raises Failure.
        """
        if not self._is_due():
            if self._renewed_early:
                return False
            self._renewed_early = True
        self._renew(refused=self._sign_in.access_token)
        return True

    def _is_due(self) -> bool:
        return self._keeper.now() >= self._sign_in.renew_at

    def _renew(self, *, refused: str | None) -> None:
        from paas_cli.signin.sso import renewal

        self._sign_in = renewal.renew(self._keeper, refused=refused, login=self._login)
