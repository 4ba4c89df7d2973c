"""`paas` itself: its commands, each imported only when it runs.

Must not import a command module: `paas config` pays for `config` and nothing else.
"""

from importlib import import_module

import click

from paas_cli.catalogue import ALIASES, ENTRIES, SECTIONS
from paas_cli.terminal.help_option import help_option

_COMMANDS = "paas_cli.commands."

# Where a second word can only be a command's, written as others write it: `config set A=1`.
_TAKE_NO_WORDS = frozenset(
    {"config", "secrets", "groups", "releases", "apps", "tokens", "audit", "staged", "keys", "auth"}
)

# Whose second word is part of the command: `tokens:trust add` is `tokens:trust:add`.
_TAKE_A_VERB = frozenset({"tokens:trust"})


class Program(click.Group):
    """`paas` itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Names in the order of the help."""
        return list(ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click passes it
        """Import a command."""
        entry = ENTRIES.get(ALIASES.get(cmd_name, cmd_name))
        if entry is None:
            return None
        found = import_module(_COMMANDS + entry.module).command
        assert isinstance(found, click.Command)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what stands before the command. Raises UsageError for an option of a command there."""
        if args and args[0].startswith("-") and not ctx.resilient_parsing:
            from paas_cli.mistyped.retyped import leading

            if (found := leading(args)) is not None:
                raise click.UsageError(_in_order(*found))
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of `args`; for a misspelt one, say what it may have been meant to be."""
        if len(args) > 1 and args[0] in _TAKE_A_VERB and (spelt := f"{args[0]}:{args[1]}") in ENTRIES:
            args = [spelt, *args[2:]]
        name = args[0]
        if len(args) > 1 and name in _TAKE_NO_WORDS and args[1].isalpha():
            from paas_cli.mistyped.suggestions import instead_of_two_words

            if (sentence := instead_of_two_words(args)) is not None:
                raise click.UsageError(sentence)
        if name in ENTRIES or name in ALIASES or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from paas_cli.mistyped.suggestions import sentences

        raise click.UsageError(sentences(args))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        """Commands in their sections, without importing any, and what of the environment counts."""
        width = max(map(len, ENTRIES))
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry.summary) for name, entry in entries.items()])
        with formatter.section("Environment"):
            formatter.write_dl([(name.ljust(width), meaning) for name, meaning in ENVIRONMENT.items()])


def _in_order(options: list[str], rest: list[str]) -> str:
    """What to say where `options` stand before the command, with which the `rest` begins."""
    if rest[0] not in ENTRIES and rest[0] not in ALIASES:
        from paas_cli.mistyped.suggestions import sentences

        return sentences([*rest, *options])
    from paas_cli.mistyped import retyped

    return f"Options come after the command: {retyped.command(rest[0], rest[1:], options=options)}."


ENVIRONMENT = {
    "PAAS_APP": "The app, where -a/--app is not given.",
    "PAAS_TOKEN": "A personal access token; wins over a stored sign-in.",
    "PAAS_GATEWAY": "The gateway's address, https://paas.example.com.",
    "PAAS_PROFILE": "The stored sign-in, where --profile is not given.",
    "PAAS_ENV": "The project's environment, where --env is not given.",
    "HTTPS_PROXY": "The proxy to the gateway; NO_PROXY has where to use none.",
    "SSL_CERT_FILE": "Authorities to trust, in place of the system's.",
    "NO_COLOR": "Any text: no colours.",
}

HELP = """Config vars, secrets, releases, access tokens and the audit log of your apps.

\b
  paas config:set NODE_ENV=production LOG_LEVEL=info -a web
  paas secrets:set STRIPE_API_KEY -a web
  paas releases -a web
"""


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from paas_cli import __version__

        click.echo(f"paas {__version__}")
        ctx.exit(0)


def program() -> Program:
    """The whole command line."""
    version = click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_show_version,
        help="Show the version of this program.",
    )  # fmt: skip
    return Program(
        "paas",
        params=[version, help_option()],
        help=HELP,
        epilog="`paas COMMAND --help` explains one command with examples.",
        subcommand_metavar="COMMAND [ARGUMENTS]",
        no_args_is_help=False,
        invoke_without_command=True,
        callback=_help_without_command,
        context_settings={"max_content_width": 80},
        add_help_option=False,
    )


def _help_without_command() -> None:
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
