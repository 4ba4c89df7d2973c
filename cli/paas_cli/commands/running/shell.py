"""`paas shell`: a shell on this machine, with an app's variables."""

from collections.abc import Mapping

from paas_cli.command import command as declare
from paas_cli.commands.running import environment, program
from paas_cli.commands.running.program import Program
from paas_cli.commands.running.run import explain_json, options, refuse_json
from paas_cli.errors import Misuse
from paas_cli.session import Session

_FALLBACK = "/bin/sh"
# What shells run, or read commands from, as they start or show a prompt: an app's variable would be a command that
# whoever may set it has run here.
_RUN_BY_SHELLS = frozenset(
    {
        *("BASH_ENV", "BASHOPTS", "ENV", "PROMPT_COMMAND", "SHELLOPTS", "ZDOTDIR"),
        *("PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4"),
        *("RPROMPT", "RPROMPT2", "RPS1", "RPS2", "SPROMPT"),
    }
)


@declare("shell")
@options
def command(session: Session, *, only: tuple[str, ...], preserved: tuple[str, ...], config_only: bool) -> None:
    """Open a shell on this machine with an app's variables.

    It is the shell that SHELL names, on this terminal, and gets what `paas run` gives to a
    program; see `paas run --help`. Variables that a shell would run as commands by itself, such
    as PROMPT_COMMAND, are left out. `exit` leaves it, and the variables are gone with it.

    For example:
      paas shell -a web
      paas shell -a web --config-only
    """
    refuse_json(session, "shell")
    if not session.surroundings.stdin.isatty():
        instead = session.hint("run").strip("`")
        raise Misuse(
            f"`paas shell` is for a terminal, and standard input is none; `{instead} -- sh SCRIPT` runs a script."
        )
    own = session.surroundings.environ
    path = program.find(own.get("SHELL") or _FALLBACK, own.get("PATH"))
    variables = environment.of_app(session, only=only, config_only=config_only, command="shell").all()
    given = _harmless(session, variables)
    session.note(f"shell for {session.app} (exit to leave)")
    session.err.flush()
    program.become(Program(path, [path], environment.merged(own, given, preserved=preserved)))


explain_json(command)


def _harmless(session: Session, variables: Mapping[str, str]) -> dict[str, str]:
    if left_out := sorted(_RUN_BY_SHELLS & variables.keys()):
        session.note(f"left out, since a shell would run it: {', '.join(left_out)}")
    return {name: value for name, value in variables.items() if name not in _RUN_BY_SHELLS}
