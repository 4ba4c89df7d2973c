"""`python -m tests.kubernetes.cluster`: a Kubernetes cluster of one node on this machine.

build           build its programs, once (minutes)
up FOLDER       start one whose files are below FOLDER; its kubeconfig is FOLDER/kubeconfig
down FOLDER     end it, also after a crash
"""

import argparse
import sys
from pathlib import Path

from local.failures import LocalFailure
from tests.kubernetes.cluster import cluster, node, supervisor
from tests.kubernetes.cluster.build import ensure_built
from tests.kubernetes.cluster.layout import Layout


def main(arguments: list[str]) -> int:
    """Does what it is asked; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.kubernetes.cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build the programs, once (minutes)")
    for name, words in (
        ("up", "start a cluster"),
        ("down", "end it"),
        ("supervise", "be its supervisor"),
        ("node", "be its first process"),
    ):
        commands.add_parser(name, help=words).add_argument("folder", type=lambda text: Path(text).absolute())
    options = parser.parse_args(arguments)
    try:
        return _do(options.command, getattr(options, "folder", Path()))
    except LocalFailure as failure:
        print(failure, file=sys.stderr)
        return 1


def _do(command: str, folder: Path) -> int:
    match command:
        case "build":
            print(ensure_built().kubernetes)
        case "up":
            cluster.start(folder, tied=False)
            print(f"A cluster runs. Use it with KUBECONFIG={Layout(folder).kubeconfig}")
        case "down":
            print("The cluster has ended." if supervisor.stop(folder) else f"No cluster is in {folder}.")
        case "supervise":
            return supervisor.main(folder)
        case "node":
            return node.main(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
