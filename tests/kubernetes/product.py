"""The whole product beside a cluster, for tests: the services on this machine, the apps in the cluster.

The releaser has its own account there, with the role that deploy/ gives it and no more.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.ports import free_base_port
from local.stack import Stack
from tests.e2e.installation import Installation


@contextmanager
def installed_beside(kubeconfig: Path) -> Iterator[Installation]:
    """Run the stack until the end of the block; its releaser reaches the cluster by `kubeconfig`."""
    # Not in pytest's own folder, which it closes again each time somebody runs tests.
    folder = Path(tempfile.mkdtemp(prefix="paas on kubernetes "))
    folder.chmod(0o755)
    stack = Stack(folder / ".paas", base_port=free_base_port(), kubeconfig=kubeconfig)
    try:
        stack.start()
        yield Installation(stack, folder / "home")
    finally:
        stack.stop()
        shutil.rmtree(folder)
