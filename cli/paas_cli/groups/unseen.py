"""Groups that an app has and the caller may not see, in words. Loaded by `paas config`: to be kept small."""

from collections.abc import Sequence

from paas_cli.terminal.text import visible


def words(names: Sequence[str]) -> str:
    """`shared is attached, and you may not see it`, without an end."""
    if len(names) == 1:
        return f"{visible(names[0])} is attached, and you may not see it"
    return f"{', '.join(map(visible, names))} are attached, and you may not see them"
