"""What is staged, as lists show it. `paas config` loads it, so it must not import a generated module.

On a pipe a staged line starts with `# `: names never do, and whoever reads the output as variables, a shell or a
dotenv library, takes it for a comment and sees what is live alone.
"""

from typing import TYPE_CHECKING

from paas_cli.releases import actions
from paas_cli.terminal import times
from paas_cli.terminal.output import Output
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from paas.config.v1.config_pb2 import StagedVar
    from paas.secrets.v1.secrets_pb2 import StagedSecret

    from paas_cli.commands.config.listing import Staged


def marked(out: Output, text: str) -> str:
    """A line for something that is staged, among lines for what is live."""
    return f"{'' if out.is_terminal else '# '}{text}{out.styled('   (staged)', 'yellow')}"


def assignment(out: Output, name: str, value: str | None) -> str:
    """`NAME=value`, and `NAME (unset)` without one. The value is on one line already."""
    shown = out.styled(visible(name), "cyan")
    return f"{shown} (unset)" if value is None else f"{shown}={value}"


def document(staged: "Staged | StagedVar | StagedSecret", value: str) -> dict[str, object]:
    """One staged change as JSON shows it; `value` is null where the name is to be unset."""
    return {
        "name": staged.name,
        "action": actions.word(staged.action),
        "value": None if staged.action == actions.REMOVED else value,
        "staged_by": staged.staged_by,
        "staged_at": times.or_null(staged.staged_at),
        "replaces_newer": staged.replaces_newer,
    }
