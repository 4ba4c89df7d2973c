"""The list of commands, each imported only when it runs.

Must not import a command module: `paas config` pays for `config` and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from importlib import import_module

import click

_COMMANDS = "paas_cli.commands."


class Danger(IntEnum):
    """The most a command does. One that ends something stands above one whose work another such command undoes."""

    READ = 0
    WRITE = 1
    DESTROY = 2


@dataclass(frozen=True)
class Entry:
    """Where a command lives (`config.set`), its one line in the help, what it may do, and whether it takes -a."""

    module: str
    summary: str
    danger: Danger
    takes_app: bool = True


SECTIONS: Mapping[str, Mapping[str, Entry]] = {
    "Config vars": {
        "config": Entry("config.list", "List config vars.", Danger.READ),
        "config:set": Entry("config.set", "Set config vars and release them.", Danger.WRITE),
        "config:unset": Entry("config.unset", "Unset config vars and release the change.", Danger.DESTROY),
        "config:export": Entry("config.export", "Write config vars as a file.", Danger.READ),
        "config:import": Entry("config.import_", "Set config vars from a file.", Danger.WRITE),
    },
    "Secrets": {
        "secrets": Entry("secrets.list", "List the names of secrets.", Danger.READ),
        "secrets:set": Entry("secrets.set", "Seal secrets and release them.", Danger.WRITE),
        "secrets:get": Entry("secrets.get", "Reveal secrets; the audit log records it.", Danger.READ),
        "secrets:rotate": Entry("secrets.rotate", "Give a secret a new value and release it.", Danger.DESTROY),
        "secrets:unset": Entry("secrets.unset", "Unset secrets and release the change.", Danger.DESTROY),
    },
    "Releases": {
        "releases": Entry("releases.list", "List releases, newest first.", Danger.READ),
        "releases:info": Entry("releases.info", "Show one release.", Danger.READ),
        "releases:create": Entry("releases.create", "Release what is staged, or restart the app.", Danger.WRITE),
        "staged": Entry("staged.list", "List what is staged, and who staged it.", Danger.READ),
        "staged:discard": Entry("staged.discard", "Drop what is staged; what is live stays.", Danger.DESTROY),
        "rollback": Entry("releases.rollback", "Release the config of an earlier release again.", Danger.WRITE),
    },
    "Apps": {
        "apps:list": Entry("apps.list", "List apps.", Danger.READ, takes_app=False),
        "apps:create": Entry("apps.create", "Register an app.", Danger.WRITE),
        "apps:info": Entry("apps.info", "Show an app and its instances.", Danger.READ),
        "apps:update": Entry("apps.update", "Change what an app runs.", Danger.WRITE),
        "apps:destroy": Entry("apps.destroy", "Destroy an app with its variables and secrets.", Danger.DESTROY),
    },
    "Access": {
        "login": Entry("login", "Sign in.", Danger.WRITE, takes_app=False),
        "logout": Entry("logout", "Sign out.", Danger.WRITE, takes_app=False),
        "whoami": Entry("whoami", "Show who you are and what you may do.", Danger.READ, takes_app=False),
        "open": Entry("open", "Open the dashboard in a browser.", Danger.READ),
        "tokens:create": Entry("tokens.create", "Make a personal access token.", Danger.WRITE),
        "tokens:list": Entry("tokens.list", "List personal access tokens.", Danger.READ, takes_app=False),
        "tokens:rotate": Entry(
            "tokens.rotate", "Give a token a new text, under the same name.", Danger.WRITE, takes_app=False
        ),
        "tokens:revoke": Entry(
            "tokens.revoke", "Revoke a token, and every token made with it.", Danger.DESTROY, takes_app=False
        ),
        "tokens:trust:add": Entry(
            "tokens.trust.add", "Let jobs of a CI system get tokens without holding one.", Danger.WRITE
        ),
        "tokens:trust:list": Entry("tokens.trust.list", "List whose CI jobs get tokens.", Danger.READ, takes_app=False),
        "tokens:trust:test": Entry(
            "tokens.trust.test", "Say claim by claim whether a job's token is taken.", Danger.READ, takes_app=False
        ),
        "tokens:trust:remove": Entry(
            "tokens.trust.remove", "Give a CI system's jobs no tokens any more.", Danger.DESTROY, takes_app=False
        ),
        "tokens:exchange": Entry(
            "tokens.exchange", "In a CI job: get a token for the one its system gave.", Danger.WRITE, takes_app=False
        ),
        "tokens:report": Entry(
            "tokens.report", "End a token that got out, given its text.", Danger.WRITE, takes_app=False
        ),
    },
    "Audit log": {
        "audit": Entry("audit.list", "Show who did what.", Danger.READ),
        "audit:export": Entry("audit.export", "Write the audit log as JSON Lines.", Danger.READ),
        "incident": Entry("incident", "List what could have been read, and what to do.", Danger.READ),
        "audit:verify": Entry("audit_log.verify", "Verify the audit log.", Danger.READ, takes_app=False),
        "audit:checkpoint": Entry(
            "audit_log.checkpoint", "Show the audit log's checkpoint, verified.", Danger.READ, takes_app=False
        ),
        "audit:verify-proof": Entry("audit_log.verify_proof", "Verify a proof, offline.", Danger.READ, takes_app=False),
        "witness": Entry("audit_log.witness", "Cosign logs as an independent witness.", Danger.WRITE, takes_app=False),
    },
    "Keys": {
        "keys": Entry("keys.list", "Show the keys that secrets are sealed with.", Danger.READ, takes_app=False),
        "keys:rotate": Entry(
            "keys.rotate", "Make a new key and seal all secrets with it.", Danger.WRITE, takes_app=False
        ),
        "keys:shred": Entry("keys.shred", "Destroy the keys of all secrets for good.", Danger.DESTROY, takes_app=False),
    },
    "About": {
        "version": Entry("version", "Show the version of this program.", Danger.READ, takes_app=False),
    },
}

# Spellings people bring from elsewhere.
ALIASES = {
    "apps": "apps:list",
    "tokens": "tokens:list",
    "tokens:trust": "tokens:trust:list",
    "tokens:trusts": "tokens:trust:list",
    "config:list": "config",
    "secrets:list": "secrets",
    "releases:list": "releases",
    "staged:list": "staged",
    "keys:list": "keys",
    "audit:list": "audit",
    "releases:rollback": "rollback",
}

# Where a second word can only be a command's, written as others write it: `config set A=1`.
_TAKE_NO_WORDS = frozenset({"config", "secrets", "releases", "apps", "tokens", "audit", "staged", "keys"})

# Whose second word is part of the command: `tokens:trust add` is `tokens:trust:add`.
_TAKE_A_VERB = frozenset({"tokens:trust"})

ENTRIES: Mapping[str, Entry] = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command of `args`; for a misspelt one, say what it may have been meant to be."""
        if len(args) > 1 and args[0] in _TAKE_A_VERB and (spelt := f"{args[0]}:{args[1]}") in ENTRIES:
            args = [spelt, *args[2:]]
        name = args[0]
        if len(args) > 1 and name in _TAKE_NO_WORDS:
            from paas_cli.suggestions import instead_of_two_words

            if (sentence := instead_of_two_words(args)) is not None:
                raise click.UsageError(sentence)
        if name in ENTRIES or name in ALIASES or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from paas_cli.suggestions import sentences

        raise click.UsageError(sentences(args))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click passes it
        """Commands in their sections, without importing any."""
        width = max(map(len, ENTRIES))
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry.summary) for name, entry in entries.items()])


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
        params=[version],
        help=HELP,
        epilog="`paas COMMAND --help` explains one command with examples.",
        subcommand_metavar="COMMAND [ARGUMENTS]",
        no_args_is_help=False,
        invoke_without_command=True,
        callback=_help_without_command,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )


def _help_without_command() -> None:
    ctx = click.get_current_context()
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
