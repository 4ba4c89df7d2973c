# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH112, PTH118
"""Opening a page in the person's browser, where there is one. Must not open one in the terminal itself.

What a program is started with can be read by everybody on a machine. So a link with a code in it is never among it: the
browser is given the name of a file that nobody else can read, and which sends the code on (decision 62).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qsl

from paas_cli.files import private_file

_NOTHING = subprocess.DEVNULL
# How long a browser has for reading the file, in seconds: it may have to be started.
_KEPT_FOR = 60
_SNAPS = "/snap"
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Dashboard</title>
<form method="post" action="{action}">{fields}<button>Go on to the dashboard</button></form>
<script>document.forms[0].submit()</script></html>
"""
_FIELD = '<input type="hidden" name="{name}" value="{value}">'


def open_page(url: str, environ: Mapping[str, str]) -> bool:
    """Whether a browser was asked to show a page, whose address may be seen by anybody on this machine.

    Not where there is no screen, as over ssh or in a container.
    """
    program = _program(environ)
    return program is not None and _run(program, url)


def open_link(link: str, environ: Mapping[str, str]) -> bool:
    """Whether a browser was asked to show what a link leads to. What is after its `#` is in no program's arguments.

    Raises Failure where the file can't be written.
    """
    program = _program(environ)
    if program is None:
        return False
    from tempfile import mkdtemp

    # A browser that came as a snap sees neither /tmp nor hidden folders.
    home = environ.get("HOME") if os.path.isdir(_SNAPS) else None
    folder = mkdtemp(prefix="paas-open-", dir=home)
    path = os.path.join(folder, "dashboard.html")
    private_file.write(path, _page(link).encode())
    # Before it is opened: the program may go on for as long as the browser does.
    _remove_soon(path, folder)
    return _run(program, path)


def _page(link: str) -> str:
    """A page that sends what is after the `#` to where the link leads, in a form and not in an address."""
    page, _, code = link.partition("#")
    fields = "".join(_FIELD.format(name=escape(name), value=escape(value)) for name, value in parse_qsl(code))
    return _PAGE.format(action=escape(f"{page}/look"), fields=fields)


def _remove_soon(path: str, folder: str) -> None:
    """Has it removed in a while, also where this program has ended by then."""
    subprocess.Popen(
        ["/bin/sh", "-c", f'sleep {_KEPT_FOR}; rm -f -- "$1"; rmdir -- "$2"', "sh", path, folder],
        stdin=_NOTHING,
        stdout=_NOTHING,
        stderr=_NOTHING,
        start_new_session=True,
    )


def _program(environ: Mapping[str, str]) -> str | None:
    if sys.platform == "darwin":
        program = "open"
    elif environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        program = "xdg-open"
    else:
        return None
    return shutil.which(program)


def _run(program: str, what: str) -> bool:
    done = subprocess.run([program, what], stdin=_NOTHING, stdout=_NOTHING, stderr=_NOTHING, check=False)
    return done.returncode == 0
