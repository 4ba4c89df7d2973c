"""Where the installed `paas` starts: a shell that asks what may follow is answered before anything else is imported."""

import sys


def main() -> int:
    """Run `paas`, or answer a shell. Returns the exit code."""
    if sys.argv[1:2] == ["__complete"]:
        from paas_cli.completion import answering

        return answering.main(sys.argv[2:])
    from paas_cli import __main__

    return __main__.main()
