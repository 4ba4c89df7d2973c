"""What the command line writes goes through `paas_cli.terminal.output`, which keeps it from driving a terminal.

That it does so there is tested in tests/unit/cli/test_hostile_text.py.
"""

import ast

import pytest

from tests.architecture.sources import Source, sources

_CLI = "cli/paas_cli/"
# Who may have a stream in hand, and why.
_ALLOWED = {
    "output.py": "is the way out",
    "streams.py": "makes the streams, and says what is wrong with one",
    "answering.py": "answers a shell, in words without a control character",
    "bounded_run.py": "reads what another program wrote",
    "circleci.py": "reads what another program wrote",
    "session.py": "gives them to an Output",
    "__main__.py": "gives them to an Output",
    "progress.py": "has rich draw a bar, of numbers and states alone",
    "help_option.py": "writes the help, which is this program's own words",
    "program.py": "writes the help and the version, which are this program's own words",
}
_STREAMS = {"stdout", "stderr", "stream", "echo", "secho", "__stdout__", "__stderr__"}


def writes(source: Source) -> list[str]:
    """What in a file writes, or has what one writes with."""
    found = []
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id == "print":
            found.append(f"{node.lineno}: print")
        # `session.stream(...)` is a call to the gateway.
        elif isinstance(node, ast.Attribute) and node.attr in _STREAMS and ast.unparse(node) != "session.stream":
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize(
    "source", [each for each in sources() if each.path.startswith(_CLI)], ids=lambda each: each.name
)
def test_only_the_output_writes(source: Source) -> None:
    assert source.name in _ALLOWED or writes(source) == []


@pytest.mark.parametrize("text", ["print('a')", "sys.stderr.write('a')", "click.echo('a')", "out.stream.write('a')"])
def test_the_rule_sees_every_way(text: str) -> None:
    assert writes(Source("cli/paas_cli/x.py", text)) != []
