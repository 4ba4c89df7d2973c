"""Every command as click has it, in the order of the help."""

from collections.abc import Iterator

import click

from paas_cli.catalogue import ENTRIES
from paas_cli.program import program


def commands() -> Iterator[tuple[str, click.Command]]:
    """Name and command. Imports them all."""
    group = program()
    context = click.Context(group, info_name="paas")
    for name in ENTRIES:
        found = group.get_command(context, name)
        assert found is not None
        yield name, found
