"""How a command is declared: click's arguments plus the options every command has.

A module of `paas_cli.commands` decorates a function with `command("config:set")` and click's decorators; its
docstring is the help, and the first line of that is the summary in `program`.
"""

from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from paas_cli.catalogue import OF_APPS_ALONE
from paas_cli.choice import Flags
from paas_cli.errors import Failure
from paas_cli.session import Session
from paas_cli.terminal import help_text
from paas_cli.terminal.help_option import help_option

Function = Callable[..., None]
# In a context's `meta`: how many words came after `--`, which click forgets.
AFTER_DASHES = "paas_cli.after_dashes"


class PaasCommand(click.Command):
    """A command that takes no empty option, and whose failures know whether `--debug` was given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line. Raises UsageError where an option or the one argument of its place is empty.

        An empty value comes from a variable of the shell that is not set; taken for "not given", it would have the
        command do its work on another app.
        """
        ctx.meta[AFTER_DASHES] = len(args) - args.index("--") - 1 if "--" in args else 0
        try:
            rest = super().parse_args(ctx, list(args))
        except click.UsageError as error:
            from paas_cli.mistyped import lines

            raise lines.explained(error, self, ctx, args) from None
        for param in self.params:
            if param.name is None or ctx.get_parameter_source(param.name) is not ParameterSource.COMMANDLINE:
                continue
            is_option = isinstance(param, click.Option)
            if not is_option and param.nargs != 1:
                continue  # each command has its own rule for each of several
            if _is_empty(ctx.params.get(param.name)):
                name = param.opts[-1] if is_option else param.make_metavar(ctx).strip("[]")
                more = ", or leave it out" if is_option or not param.required else ""
                raise click.UsageError(f"{name} has an empty value; give it one{more}.", ctx)
        return rest

    def make_parser(self, ctx: click.Context) -> Any:
        """Return the parser. It is to find `-a` where it looks first: to say that there is none it imports difflib."""
        parser = super().make_parser(ctx)
        parser._long_opt.update(parser._short_opt)  # noqa: SLF001  # click has no other place to say so
        return parser

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except Failure as failure:
            failure.show_details = debug
            failure.sentence = _counted(failure.sentence, ctx)
            raise

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        """Help as it is written in the docstring, in the width there is."""
        formatter.write_paragraph()
        for line in help_text.lines(self.help or "", formatter.width):
            formatter.write(line.rstrip() + "\n")


def _is_empty(given: object) -> bool:
    return not given.strip() if isinstance(given, str) else isinstance(given, tuple) and any(map(_is_empty, given))


def _counted(sentence: str, ctx: click.Context) -> str:
    """The sentence with each argument that may be a value by its number, whoever put it there."""
    from paas_cli.typed.credentials import may_be_a_value

    for param in ctx.command.params:
        given = ctx.params.get(param.name or "") if isinstance(param, click.Argument) else None
        for position, word in enumerate([given] if isinstance(given, str) else given or (), 1):
            if may_be_a_value(word):
                sentence = sentence.replace(word, f"argument {position}")
    return sentence


def command(name: str, *, app: bool = True) -> Callable[[Function], PaasCommand]:
    """Turn a function into the command `name`. `app` adds -a/--app."""

    def declare(function: Function) -> PaasCommand:
        def callback(
            *, profile: str | None, env: str | None, as_json: bool, chosen_app: str | None = None, **rest: Any
        ) -> None:
            rest.pop("debug")  # `invoke` has seen to it
            surroundings = click.get_current_context().obj
            flags = Flags(app=chosen_app, profile=profile, env=env)
            function(Session(surroundings, flags, as_json=as_json), **rest)

        own: list[click.Parameter] = list(reversed(getattr(function, "__click_params__", [])))
        return PaasCommand(
            name,
            callback=callback,
            params=own + _shared_options(_app_of(name) if app else ""),
            help=_unindented(function.__doc__ or ""),
            context_settings={"max_content_width": 80},
            add_help_option=False,
        )

    return declare


def _app_of(name: str) -> str:
    """What -a takes: an app, or a group as well where variables, their releases or events are meant."""
    return "app" if name.partition(":")[0] in OF_APPS_ALONE else "app or group"


def _shared_options(app: str) -> list[click.Parameter]:
    """The options of every command, and -a where it takes an `app`, which says what that may be."""
    options: list[click.Parameter] = []
    if app:
        said = f"The {app}; else PAAS_APP or .paas.toml."
        options.append(click.Option(["-a", "--app", "chosen_app"], metavar="APP", help=said))
    options += [
        click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON document."),
        click.Option(["--profile"], metavar="NAME", help="The sign-in to use; else PAAS_PROFILE."),
        click.Option(["--env"], metavar="NAME", help="The environment of .paas.toml; else PAAS_ENV."),
        click.Option(["--debug"], is_flag=True, help="Add codes and ids to an error, never a value."),
        help_option(),
    ]
    return options


def _unindented(text: str) -> str:
    """A docstring without the indentation of the code around it."""
    first, *rest = text.strip("\n").splitlines() or [""]
    return "\n".join([first.strip(), *(line.removeprefix("    ") for line in rest)]).strip()


def release_options(function: Function) -> Function:
    """Options of a command whose change is released."""
    function = click.option("--no-wait", is_flag=True, help="Release, but do not watch the release.")(function)
    return click.option("--stage", is_flag=True, help="Keep the change without releasing it.")(function)


def end_options(function: Function) -> Function:
    """Options of a command that says until when secrets are good (`paas_cli.typed.ends` reads them)."""
    often = click.option("--rotate-every", metavar="TIME", help="How often to rotate it, such as 90d; or never.")
    return click.option("--expires", metavar="WHEN", help="Its end: 90d, 2027-01-31 or never.")(often(function))


def dry_run_option(function: Function) -> Function:
    """The option of a command that can say what it would do."""
    return click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")(function)
