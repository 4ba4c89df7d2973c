"""`paas open`: the dashboard in a browser, signed in."""

import json
import re
from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.commands.dashboard import pages
from paas_cli.errors import NOT_SIGNED_IN, UNAVAILABLE, Failure
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from paas_transport import http1

_PAGES = "/runtime/dashboard/"
_LINKS = f"{_PAGES}sign-in/links"
_PATIENCE_SECONDS = 10.0
_MOST_BYTES = 64 * 1024
# What is opened, or shown: an address of the web without anything that a terminal or a program could take for more.
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]{1,500}")


@dataclass(frozen=True)
class Options:
    """Which page, which one of it, and whether only to print the address."""

    page: str | None
    which: str | None
    only_print: bool


@declare("open")
@click.argument("page", required=False, type=click.Choice(pages.PAGES), metavar="[PAGE]")
@click.argument("which", required=False, metavar="[NAME]")
@click.option("--print", "only_print", is_flag=True, help="Print the address, and open nothing.")
def command(session: Session, *, page: str | None, which: str | None, only_print: bool) -> None:
    """Open the dashboard in a browser.

    It is signed in as you are here, and shows the app that is chosen, or all of them. PAGE is another: of an app
    variables, secrets [NAME], releases [vN], staged, pending, compare and runs; of the account apps, tokens, trusts,
    keys, audit, incident and sessions. Where you are signed in with a token, the link signs one browser in, once,
    within ten minutes: give it to nobody.

    For example:
      paas open -a web
      paas open releases v12 -a web
      paas open secrets STRIPE_API_KEY
      paas open audit --print
    """
    run(session, Options(page, which, only_print))


def run(session: Session, options: Options) -> None:
    """Get the address, and show it in a browser or as text."""
    page = pages.address(session, options.page, options.which)
    if session.sign_in.sso is not None:
        # The browser signs in at the same place as the command line did.
        url, ends_at = f"{session.sign_in.address}{_PAGES}{page}", None
    else:
        url, ends_at = _link(session, page)
    if session.as_json:
        session.out.json({"url": url, "ends_at": ends_at})
        return
    if not options.only_print:
        from paas_cli.terminal.browser import open_link, open_page

        # A link's code is for this browser alone, and what a program is started with is seen by everybody here.
        is_opened = open_page if ends_at is None else open_link
        if is_opened(url, session.surroundings.environ):
            session.out.line("Opened the dashboard in your browser.")
            return
        session.note("no browser could be opened here; open this yourself.")
    session.out.line(url)


def _link(session: Session, page: str) -> tuple[str, str]:
    """A link that signs one browser in, and when it ends. Raises Failure."""
    place = session.sign_in
    headers = {"authorization": f"Bearer {place.token}", "content-type": "application/json"}
    body = json.dumps({"page": page}).encode()
    try:
        with http1.post(
            place.address, _LINKS, headers=headers, body=body, timeout=_PATIENCE_SECONDS, ca_file=place.ca_file
        ) as response:
            status, text = response.status, b"".join(iter(response.read_some, b""))[:_MOST_BYTES]
    except http1.Unusable as error:
        raise Failure(str(error)) from None
    except http1.OtherProtocol as error:
        raise Failure(f"What answers at {place.address} {error}; it is no gateway's address.") from None
    except (http1.NotSent, http1.Broken, http1.TimedOut) as error:
        why = f" ({visible(str(error))})" if str(error) else ""
        sentence = f"The gateway at {place.address} can't be reached{why}; try again in a moment."
        raise Failure(sentence, exit_code=UNAVAILABLE) from None
    if status in (404, 415):
        raise Failure(f"The gateway at {place.address} has no dashboard.")
    answer = _read(text)
    url, ends_at = str(answer.get("url", "")), str(answer.get("ends_at", ""))
    if status == 200 and _URL.fullmatch(url):
        return url, ends_at
    raise _refused(session, status, str(answer.get("error", "")))


def _refused(session: Session, status: int, sentence: str) -> Failure:
    if status == 401:
        login = session.hint("login", about_app=False)
        return Failure(f"{sentence or 'You are not signed in.'} {login} signs you in.", exit_code=NOT_SIGNED_IN)
    if status in (429, 503, 504):
        away = "The dashboard can't be reached right now; try again in a moment."
        return Failure(sentence or away, exit_code=UNAVAILABLE)
    return Failure(sentence or f"The dashboard answered with {status}, which this program does not understand.")


def _read(text: bytes) -> dict[str, object]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
