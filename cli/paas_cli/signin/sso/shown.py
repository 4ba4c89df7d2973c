"""What somebody sees while signing in. On standard error: standard output is for what comes of it."""

from paas_cli.session import Session
from paas_cli.signin.profile import Place
from paas_cli.signin.sso.flows import browser
from paas_cli.signin.sso.flows.device import Waiting
from paas_cli.signin.sso.store import StoredSignIn
from paas_cli.terminal.text import visible


class People:
    """Tells whoever is there what to do, and opens their browser where there is one and it `may_open`."""

    def __init__(self, session: Session, *, may_open: bool) -> None:
        self._session = session
        self._environ = session.surroundings.environ
        self._opens = may_open and session.err.is_terminal and browser.is_at_hand(self._environ)

    def show_code(self, waiting: Waiting) -> None:
        """The code of a device, and where it is entered."""
        err = self._session.err
        err.prose("To sign in, open this address in a browser on any machine:")
        err.line(f"  {err.styled(visible(waiting.where), 'cyan')}")
        err.line(f"and enter the code {err.styled(visible(waiting.user_code), 'bold')}")
        if waiting.complete is not None:
            err.line("This address has the code in it:")
            err.line(f"  {err.styled(visible(waiting.complete), 'cyan')}")
        self._open(waiting.complete or waiting.where)
        self._wait(f"for {max(waiting.seconds // 60, 1)} minutes at most")

    def show_page(self, url: str) -> None:
        """The page to sign in at, in a browser on this machine."""
        err = self._session.err
        err.prose("To sign in, open this address in a browser on this machine:")
        err.line(f"  {err.styled(visible(url), 'cyan')}")
        if any(self._environ.get(name) for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")):
            err.prose(
                f"Where the browser is on another, use {self._session.hint('login', about_app=False)} without --web."
            )
        self._open(url)
        self._wait("for 5 minutes at most")

    def _open(self, url: str) -> None:
        if self._opens and browser.open_at(url, self._environ):
            self._session.err.prose("Your browser has been asked to open it.")

    def _wait(self, how_long: str) -> None:
        self._session.err.prose(f"Waiting for you, {how_long}; Ctrl-C stops ...")
        self._session.err.flush()


def signed_in(session: Session, place: Place, sign_in: StoredSignIn, *, subject: str, path: str) -> None:
    """That it is done, and where it is kept."""
    if session.as_json:
        session.out.json(
            {
                "profile": place.name,
                "gateway": str(place.gateway),
                "subject": subject,
                "file": path,
                "issuer": sign_in.issuer,
                "kept_in": "keyring" if sign_in.in_keyring else "file",
            }
        )
        return
    mark = session.out.styled("✓", "green")
    session.out.line(f"{mark} Signed in to {place.gateway} as {visible(subject)} (profile {visible(place.name)})")
    where = "the system's keyring" if sign_in.in_keyring else f"{visible(path)}, which only you can read"
    session.out.prose(f"  It is renewed by itself, and kept in {where}.")
