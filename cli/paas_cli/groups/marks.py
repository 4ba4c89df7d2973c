"""How lists of variables say what comes from shared groups. `paas config` loads it, so it must not import much.

On a terminal a mark stands behind the line. Elsewhere comments of their own say it, so that whoever reads the output as
variables gets the values as they are.
"""

from collections.abc import Iterable, Sequence

from paas_cli.commands.config.listing import GroupVars
from paas_cli.terminal.output import Output
from paas_cli.terminal.text import visible


class Marks:
    """What is said of an app's own variables that groups have as well: its own value wins."""

    def __init__(self, out: Output, groups: Sequence[GroupVars]) -> None:
        self._out = out
        self._groups = {name: group.group for group in reversed(groups) for name in group.own_names}

    def beside(self, name: str) -> str:
        """What stands behind the line of an own variable."""
        if name not in self._groups or not self._out.is_terminal:
            return ""
        return self._out.styled(f"   (wins over {visible(self._groups[name])})", "dim")

    def below(self, names: Iterable[str]) -> None:
        """Elsewhere than on a terminal, write what else would stand behind the lines of `names`."""
        if self._out.is_terminal:
            return
        for name in names:
            if name in self._groups:
                self._out.line(f"# {visible(name)} wins over {visible(self._groups[name])}")


def line(out: Output, text: str, *, group: str, is_first: bool) -> None:
    """Write the line of a variable that comes from a group, the first of that group or another."""
    if out.is_terminal:
        out.line(f"{text}{out.styled(f'   (from {visible(group)})', 'dim')}")
        return
    if is_first:
        out.line(f"# from {visible(group)}")
    out.line(text)
