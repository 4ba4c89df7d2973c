"""A command with an app's variables, where the host allows it; what it writes is masked."""

import os

from anyio import to_thread
from pydantic import Field

from paas_cli.agents import bounded_run, masking, references
from paas_cli.agents.call import Call
from paas_cli.agents.schema import AppInput, Names, Noted
from paas_cli.agents.tool import Effect, Tool
from paas_cli.commands.running import environment
from paas_cli.commands.running import program as programs
from paas_cli.commands.running.program import Program
from paas_cli.errors import Failure
from paas_cli.session import RUN_FOR_AGENT

_NOT_ALLOWED = (
    "Nothing was run: whoever started this did not allow it. `paas run -- COMMAND` is for them to type; "
    "`paas mcp --allow-run` lets an agent run commands."
)
_OURSELVES = (
    "Nothing was run: `paas` is not run by `run`, since it prints values. Use the tools here, and leave what they do "
    "not do to the person."
)


class RunInput(AppInput):
    """The program, its arguments and which variables it gets."""

    command: list[str] = Field(
        min_length=1, max_length=1000, description='The program and its arguments, such as ["npm", "test"]; no shell.'
    )
    only: Names = Field(default=[], description="Give these variables alone; the fewer the better.")
    config_only: bool = Field(default=False, description="Leave out secrets and what add-ons manage.")
    timeout_seconds: int = Field(default=45, ge=1, le=1800)


class RunOutput(Noted):
    """How it ended, and the end of what it wrote."""

    exit_code: int
    stopped: str = Field(description="Why it was ended before it ended; empty where it was not.")
    stdout: str
    stderr: str


async def run(call: Call, given: RunInput) -> RunOutput:
    """Run it. Raises Failure where it can't be, or the caller may not have the variables."""
    found, values = await to_thread.run_sync(_prepared, call, given, abandon_on_cancel=True)
    ended = await bounded_run.run(
        found,
        masker=lambda: masking.masker(values),
        folder=call.host.surroundings.folder,
        timeout_seconds=given.timeout_seconds,
    )
    return RunOutput(
        exit_code=ended.exit_code, stopped=ended.stopped, stdout=ended.out, stderr=ended.err, notes=call.notes
    )


def _prepared(call: Call, given: RunInput) -> tuple[Program, list[str]]:
    """The program with its environment, and every value that is masked."""
    session, allowed = call.session, call.host.allowed
    if any("\0" in word for word in given.command):
        raise Failure("Nothing was run: command has a NUL character, which no argument can have.")
    if os.path.basename(given.command[0]) == "paas":  # noqa: PTH119 - a name as a shell reads it
        raise Failure(_OURSELVES)
    environ = {name: value for name, value in session.surroundings.environ.items() if name not in allowed.secret_env}
    path = programs.find(given.command[0], environ.get("PATH"))
    variables = environment.of_app(session, only=given.only, config_only=given.config_only, command="run")
    merged = environment.merged(environ, variables.all(), preserved=())
    token = session.surroundings.environ.get("PAAS_TOKEN", "")
    values = [*variables.all().values(), *references.all_known(allowed, session), token]
    return Program(path, given.command, {**merged, RUN_FOR_AGENT.encode(): b"1"}), values


TOOLS = (
    Tool(
        name="run",
        title="Run a command with an app's variables",
        description=(
            "Runs a program on this machine, in the folder this server stands in, with the app's live variables in its "
            "environment: the way to use a secret. Output is masked and its end is returned. The audit log has which "
            'variables it got. Do not have a program print, encode or store values. No shell: give ["sh", "-c", ...] '
            "where one is needed."
        ),
        effect=Effect.RUN,
        takes=RunInput,
        gives=RunOutput,
        perform=run,
        missing=lambda host: "" if host.allowed.run else _NOT_ALLOWED,
    ),
)
