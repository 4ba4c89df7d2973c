"""`paas.1`, in the macros of man(7): the commands with their help, the environment, files, the exit codes."""

import re
from collections.abc import Iterator

import click

from paas_cli import __version__
from paas_cli.catalogue import SECTIONS
from paas_cli.terminal import help_text
from reference.commands import commands

_WIDTH = 66  # of text that keeps its lines, so that it fits 80 columns with its indentation
_SHARED = frozenset({"--app", "--json", "--profile", "--env", "--debug", "--help"})
_HEAD = r""".\" Generated from the commands by `python -m reference`; don't edit it here.
.TH PAAS 1 "" "paas {version}" "User Commands"
.nh
.ad l
.SH NAME
paas \- config vars, secrets, releases, access tokens and the audit log of apps
.SH SYNOPSIS
.B paas
.I COMMAND
.RI [ OPTION ...]
.RI [ ARGUMENT ...]
.SH DESCRIPTION
Keeps the environment variables of apps: config vars in plain text, secrets sealed. Every change becomes a release, a
rolling restart of the app with its new environment, which is undone where the app does not start.
.PP
Which app, profile and environment a command is about is chosen by the first of these that names one:
.TS
l l.
app	profile
_
\-a, \-\-app	\-\-profile
app of \-\-env	profile of \-\-env
PAAS_APP	PAAS_PROFILE
app of PAAS_ENV	profile of PAAS_ENV
app in .paas.toml	profile in .paas.toml
	default in config.toml
.TE
.PP
PAAS_GATEWAY and PAAS_TOKEN, both set, go before every profile, and no file of profiles is read.
.SH OPTIONS
Every command takes
.BR \-\-json ,
.BR \-\-profile ,
.BR \-\-env ,
.BR \-\-debug
and
.BR \-\-help ,
and one that is about an app
.BR \-a .
"""
_TAIL = r""".SH ENVIRONMENT
.TP
.B PAAS_TOKEN
A token to call with; goes before a stored sign-in, and is never written.
.TP
.B PAAS_GATEWAY
The gateway's address; goes before the profile's.
.TP
.BR PAAS_APP ", " PAAS_PROFILE ", " PAAS_ENV
The app, the profile, the environment of .paas.toml.
.TP
.BR HTTPS_PROXY ", " NO_PROXY
A proxy, as http://[NAME:PASSWORD@]HOST:PORT, and what is reached without it: domains, addresses and blocks of them,
separated by commas. In small letters they go first. What goes to this machine never takes a proxy.
.TP
.B SSL_CERT_FILE
Authorities to trust in place of the system's.
.TP
.B NO_COLOR
No colours.
.SH FILES
.TP
.I .paas.toml
In a folder or above it: app = "web", profile = "work", and for \-\-env staging a table [env.staging] with an app and a
profile of its own. It can't name a gateway or hold a token.
.TP
.I ~/.config/paas/config.toml
Profiles, and tokens that were stored. Mode 0600, or it is not read.
.TP
.I ~/.config/paas/sign-ins/
Sign-ins with single sign-on.
.TP
.I ~/.cache/paas/names/
Names that completion has been told; no values.
.SH EXIT STATUS
.TS
r l.
0	done
1	refused or failed
2	a command line that can't be understood
3	not signed in
4	not allowed
5	a service is unavailable; running the same again is safe
6	the change was kept, its release failed and was reverted
130	interrupted
141	nobody reads standard output any more
.TE
"""


def text() -> str:
    """The whole page. Its first line has it go through tbl."""
    found = dict(commands())
    lines = ["'\\\" t", *_HEAD.format(version=__version__).splitlines(), ".SH COMMANDS"]
    for title, entries in SECTIONS.items():
        lines.append(f".SS {title}")
        for name in entries:
            lines.extend(_command(name, found[name]))
    return "\n".join([*lines, *_TAIL.splitlines()]) + "\n"


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    usage = " ".join(param.metavar or "" for param in arguments)
    yield ".TP"
    yield f".B paas {_escaped(name)} {_escaped(usage)}".rstrip()
    blocks = _blocks(command.help or "")
    yield from blocks or ["\\&"]
    own = [param for param in command.params if isinstance(param, click.Option) and param.opts[-1] not in _SHARED]
    for option in own:
        record = option.get_help_record(context)
        if record is not None:
            yield ".RS"
            yield ".TP"
            yield f".B {_escaped(record[0])}"
            yield _escaped(record[1])
            yield ".RE"


def _blocks(said: str) -> list[str]:
    """The help as man has it: paragraphs are filled, tables and examples keep their lines."""
    lines: list[str] = []
    is_kept = False
    for line in help_text.lines(said, _WIDTH):
        kept = line.startswith("    ")
        if kept != is_kept:
            lines.append(".nf" if kept else ".fi")
            is_kept = kept
        if not line.strip():
            if lines and lines[-1] not in (".IP", ".sp"):
                lines.append(".sp")
        else:
            lines.append(_escaped(line[2:] if kept else line.strip()))
    return [*lines, ".fi"] if is_kept else lines


def _escaped(text: str) -> str:
    """Text of ours in roff: backslashes and dashes as they are, and no line that starts like a request."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = re.sub("[\u2018\u2019]", "'", text).replace("•", "\\(bu")
    return f"\\&{text}" if text.startswith((".", "'")) else text
