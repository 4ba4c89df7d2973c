"""A copy of the repository in a temporary folder, with an environment of its own, in which tests can be run.

The environment has the installed packages of the one that runs this, but our code from the copy: also in processes
that tests start, and in `paas` itself.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.sources import ROOT, kept_files
from tests.mutations.table import Mutation

# Seconds. A test has its own, shorter limit; this is for a run that hangs beyond its reach.
_PATIENCE = 900


@dataclass(frozen=True)
class Run:
    """How a run of pytest ended: 0 all passed, 1 some failed, anything else is not about the tests."""

    exit_code: int
    output: str


@dataclass(frozen=True)
class CopiedTree:
    """The copy."""

    root: Path

    def run(self, tests: Sequence[str]) -> Run:
        """Run tests until the first failure."""
        command = [str(self.root / ".venv" / "bin" / "python"), "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
        done = subprocess.run(
            [*command, *tests],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def run_with(self, mutation: Mutation) -> Run:
        """Run a mutation's test with its fault in place. Raises ValueError where it doesn't fit."""
        path = self.root / mutation.file
        path.write_text(mutation.applied_to(path.read_text(encoding="utf-8")), encoding="utf-8")
        try:
            return self.run([mutation.test])
        finally:
            # With its time, by which Python tells whether what it compiled is still right.
            shutil.copy2(ROOT / mutation.file, path)


@contextmanager
def copied_tree() -> Iterator[CopiedTree]:
    """Copy everything git keeps or would keep, uncommitted changes included."""
    root = Path(tempfile.mkdtemp(prefix="paas-mutations-"))
    # Programs of apps are in it, which run as users of their own where root runs the tests.
    root.chmod(0o711)
    try:
        for path in kept_files():
            target = root / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        _make_environment(root)
        yield CopiedTree(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _make_environment(root: Path) -> None:
    venv.create(root / ".venv", symlinks=True)
    installed = sysconfig.get_path("purelib")
    (made,) = (root / ".venv").glob("lib/python*/site-packages")
    # Paths in a .pth file are searched in their order, and .pth files in those folders are not read.
    (made / "copy.pth").write_text(
        "\n".join([*map(str, (root, root / "cli", root / "client", root / "gen")), installed, ""])
    )
    paas = (Path(sys.executable).parent / "paas").read_text(encoding="utf-8")
    program = root / ".venv" / "bin" / "paas"
    program.write_text(f"#!{root}/.venv/bin/python\n" + paas.partition("\n")[2], encoding="utf-8")
    program.chmod(0o755)
    # A program of its own, which tests look for beside Python.
    (root / ".venv" / "bin" / "kubectl").symlink_to(Path(sys.executable).with_name("kubectl"))
