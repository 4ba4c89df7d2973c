"""The option that shows help, of `paas` and of each command."""

import click


def help_option() -> click.Option:
    """`--help` as click would add it, which asks gettext for its words, and that for the locale, in each command."""
    return click.Option(
        ["-h", "--help"], is_flag=True, expose_value=False, is_eager=True, callback=_show_help,
        help="Show this message and exit.",
    )  # fmt: skip


def _show_help(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit(0)
