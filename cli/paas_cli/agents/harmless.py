"""Text on its way to an agent: nothing in it is invisible, and nothing in it has the form of a token.

Characters that no person sees can carry words that a model reads; they are shown as a programmer would write them. What
is plainly there stays: it is data, and descriptions say so.
"""

from typing import TypeVar, cast

from paas_cli.terminal.text import visible
from paas_cli.typed.credentials import masked

ContentT = TypeVar("ContentT")


def harmless(content: ContentT) -> ContentT:
    """The same text, list or document, with each text in it made so; lines and tabs stay."""
    if isinstance(content, str):
        lines = ("\t".join(map(visible, line.split("\t"))) for line in masked(content).split("\n"))
        return cast("ContentT", "\n".join(lines))
    if isinstance(content, list):
        return cast("ContentT", [harmless(each) for each in content])
    if isinstance(content, dict):
        return cast("ContentT", {name: harmless(each) for name, each in content.items()})
    return content
