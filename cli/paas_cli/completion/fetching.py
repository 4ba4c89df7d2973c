"""Asking a gateway for names, and keeping them: a process that nobody reads, and so says nothing.

`python -m paas_cli.completion.fetching KIND [-a APP] [--profile NAME] [--env NAME]`.
"""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from itertools import islice
from uuid import uuid4

from paas_cli.choice import Flags
from paas_cli.completion import kept_names, question
from paas_cli.completion.kept_names import Kept
from paas_cli.completion.question import Question
from paas_cli.errors import NOT_ALLOWED, Failure
from paas_cli.files.file_lock import locked
from paas_cli.session import Session, Surroundings

# More than anybody looks through, so that neither the file nor the answer to a shell grows without an end.
_MOST = 2000
# So many of the newest.
_RELEASES = 30
_OPTIONS = {"-a": "app", "--profile": "profile", "--env": "env"}


def main(arguments: Sequence[str], environ: Mapping[str, str], folder: str) -> None:
    """Ask and keep. Raises Failure where nobody is signed in, or there is nowhere to keep it."""
    kind, *rest = arguments
    flags = Flags(**{_OPTIONS[option]: value for option, value in zip(rest[::2], rest[1::2], strict=True)})
    asked = question.ask(kind, flags, environ, folder)
    kept = kept_names.read(asked.file)
    if not kept.is_due(time.time()):
        return
    # Who presses Tab again meanwhile asks nobody.
    _keep(asked, replace(kept, ask_at=int(time.time()) + kept_names.FAILED), environ, folder)
    _keep(asked, _answer(asked, environ, folder), environ, folder)


def _answer(asked: Question, environ: Mapping[str, str], folder: str) -> Kept:
    before = kept_names.read(asked.file)
    try:
        names = dict.fromkeys(_KINDS[asked.kind](_session(asked, environ, folder)))
    except Failure as failure:
        now = int(time.time())
        if failure.exit_code == NOT_ALLOWED:
            return Kept((), now, now + kept_names.DENIED)
        return Kept(before.names, before.came_at, now + kept_names.FAILED)
    now = int(time.time())
    return Kept(tuple(name for name in names if name and name.isprintable())[:_MOST], now, now + kept_names.FRESH)


def _keep(asked: Question, kept: Kept, environ: Mapping[str, str], folder: str) -> None:
    with locked(kept_names.folder(environ)):
        # Whoever signed out meanwhile has taken away what was kept, and must not find it there again.
        if question.ask(asked.kind, asked.flags, environ, folder).file == asked.file:
            kept_names.write(asked.file, kept)
            kept_names.drop_old(environ, now=time.time())


def _session(asked: Question, environ: Mapping[str, str], folder: str) -> Session:
    nowhere = StringIO()
    surroundings = Surroundings(
        environ=environ,
        folder=folder,
        stdin=nowhere,
        stdout=nowhere,
        stderr=nowhere,
        done=lambda: None,
        new_id=lambda: str(uuid4()),
        sleep=time.sleep,
        now=time.time,
    )
    return Session(surroundings, asked.flags)


def _apps(session: Session) -> list[str]:
    from paas_cli.commands.apps.list import fetch

    return [app.name for app in fetch(session)]


def _groups(session: Session) -> list[str]:
    from paas_cli.commands.groups.list import fetch

    return [group.name for group in fetch(session)]


def _apps_and_groups(session: Session) -> list[str]:
    found = _apps(session)
    with suppress(Failure):  # a gateway that knows no groups yet
        found += _groups(session)
    return found


def _vars(session: Session) -> list[str]:
    from paas_cli.commands.config.listing import CONFIG, fetch

    return [var.name for var in fetch(session).vars if var.kind == CONFIG]


def _secrets(session: Session) -> list[str]:
    from paas_cli.commands.secrets.list import fetch

    return [secret.name for secret in fetch(session).secrets]


def _releases(session: Session) -> list[str]:
    from paas_cli.releases import listing

    return [f"v{release.number}" for release in islice(listing.newest_first(session, most=_RELEASES), _RELEASES)]


def _staged(session: Session) -> list[str]:
    from paas_cli.commands.staged.draft import fetch

    draft = fetch(session)
    return [*(item.name for item in draft.config), *(item.name for item in draft.secrets)]


def _tokens(session: Session) -> list[str]:
    from paas_cli.commands.tokens.list import fetch

    return [token.name for token in fetch(session)]


def _trusts(session: Session) -> list[str]:
    from paas_cli.commands.tokens.trust.list import fetch

    return [trust.name for trust in fetch(session)]


_KINDS: Mapping[str, Callable[[Session], list[str]]] = {
    "apps": _apps,
    "apps-and-groups": _apps_and_groups,
    "groups": _groups,
    "vars": _vars,
    "secrets": _secrets,
    "releases": _releases,
    "staged": _staged,
    "tokens": _tokens,
    "trusts": _trusts,
}

if __name__ == "__main__":
    with suppress(Failure):
        main(sys.argv[1:], os.environ, os.getcwd())  # noqa: PTH109 - as elsewhere in the CLI
