"""`paas mcp`: serve coding agents over the Model Context Protocol."""

import click

from paas_cli.command import command as declare
from paas_cli.commands.running.run import explain_json
from paas_cli.errors import Failure, Misuse
from paas_cli.session import Session

_NO_LIBRARY = "`paas mcp` needs a library that is not installed: `pip install 'paas-cli[mcp]'`."


@declare("mcp")
@click.option("--allow-run", is_flag=True, help="Let the agent run commands with an app's variables.")
@click.option("--allow-release", is_flag=True, help="Let the agent release what is staged.")
@click.option("--secret-env", multiple=True, metavar="NAME", help="A variable of yours it may seal; may be repeated.")
@click.option(
    "--secret-file", "secret_files", multiple=True, metavar="FILE", help="A file it may seal; may be repeated."
)
def command(
    session: Session,
    *,
    allow_run: bool,
    allow_release: bool,
    secret_env: tuple[str, ...],
    secret_files: tuple[str, ...],
) -> None:
    """Serve a coding agent over the Model Context Protocol.

    Speaks on standard input and output, so it is started by the agent's program; docs/agents.md
    says how. The agent sees names, releases, masked logs and the audit log, and no value of any
    variable. It may stage changes: config vars with their values, and secrets by a reference, to
    what --secret-env and --secret-file name or to random bytes. It releases nothing and runs
    nothing unless you allow it. All it does is done and recorded as yours.

    For example:
      paas mcp -a web
      paas mcp --env staging --allow-run
      paas mcp --secret-env STRIPE_API_KEY --secret-file server.key
    """
    if session.as_json:
        raise Misuse("`paas mcp` speaks a protocol on standard output, so there is no --json of it.")
    try:
        from paas_cli.agents import host, server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"mcp", "mcp_types", "pydantic", "anyio"}:
            raise
        raise Failure(_NO_LIBRARY) from None
    found = host.of_session(
        session, run=allow_run, release=allow_release, secret_env=secret_env, secret_files=secret_files
    )
    if session.surroundings.stdin.isatty():
        session.note("this waits for a coding agent to speak the Model Context Protocol; Ctrl-C ends it.")
    server.serve(found)


explain_json(command)
