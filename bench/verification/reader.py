"""`python -m bench.verification.reader FOLDER`: verify a log in a process of its own; what it took is told as JSON."""

import json
import sys
import time
from pathlib import Path

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import Folder, a_key
from transparency.verification import verify_log


def main(folder: Path) -> None:
    """Verify it, alone in this process, so that memory is of nothing else."""
    files = Folder(folder)
    start = time.perf_counter()
    size = verify_log(files.__getitem__, key=a_key(), ed25519=Ed25519()).checkpoint.size
    seconds = time.perf_counter() - start
    print(json.dumps({"size": size, "seconds": seconds, "megabytes": _most_memory()}))


def _most_memory() -> float:
    """Return the most that was resident, in MB. What getrusage says counts whoever started this process as well."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))
