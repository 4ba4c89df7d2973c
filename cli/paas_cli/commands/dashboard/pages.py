"""The dashboard's pages, by the names they have there, and their addresses below its prefix. Must not call anything."""

from urllib.parse import quote

from paas_cli.errors import Misuse
from paas_cli.session import Session
from paas_cli.typed import release_number

# Below apps/NAME.
OF_APP = {
    "variables": "",
    "secrets": "",  # a table of all that an app has
    "releases": "/releases",
    "staged": "/staged",
    "pending": "/pending",
    "compare": "/compare",
    "runs": "/runs",
}
OF_ACCOUNT = {
    "apps": "",
    "tokens": "account/tokens",
    "trusts": "account/trusts",
    "keys": "account/keys",
    "audit": "account/audit",
    "incident": "account/incident",
    "sessions": "account/sessions",
}
PAGES = (*OF_APP, *OF_ACCOUNT)


def address(session: Session, page: str | None, which: str | None) -> str:
    """The address of a page: of the app's without one, where an app is chosen, else of the list of apps.

    `which` is the secret of `secrets` and the release of `releases`. Raises Misuse where no app is chosen for a page
    of one, and for a `which` that the page has no use for.
    """
    if which is not None and page not in ("secrets", "releases"):
        raise Misuse(f"The page {page} is one: {session.hint(f'open {page}')}. Only secrets and releases have more.")
    if page is None:
        page = "variables" if _is_app_chosen(session) else "apps"
    if page in OF_ACCOUNT:
        # As for `paas audit`, the log is of all apps unless one is typed.
        only = f"?app={quote(session.flags.app)}" if page == "audit" and session.flags.app else ""
        return OF_ACCOUNT[page] + only
    found = f"apps/{quote(session.app)}{OF_APP[page]}"
    if which is None:
        return found
    if page == "secrets":
        return f"{found}/secrets/{quote(which, safe='')}"
    return f"{found}/{release_number.parse(which, listing=session.hint('releases'))}"


def _is_app_chosen(session: Session) -> bool:
    session.choices.environment()  # one that is not there is an error, and not nothing
    try:
        session.choices.app()
    except Misuse:
        return False
    return True
