"""Verifies logs with aics-tlog alone; run by the Python of its own environment, so it imports nothing of ours.

`python aics_audit.py VKEY [WITNESS_VKEY]`, with lines on standard input as `verifier logs` of `go/` takes them, and its
output and exit status.
"""

import sys
from pathlib import Path
from typing import Any

import aics_tlog


def main(arguments: list[str]) -> int:
    """Verify the logs of standard input; the exit status."""
    key, *witnesses = map(aics_tlog.parse_vkey, arguments)
    refused = 0
    for line in sys.stdin.read().splitlines():
        prefix, _, earlier = line.partition("\t")
        try:
            print("ok", _size_of(key, witnesses, prefix, earlier), flush=True)
        except (ValueError, LookupError, OSError, RuntimeError) as error:
            print("refused", " ".join(str(error).split()), flush=True)
            refused = 1
    return refused


def _size_of(key: Any, witnesses: list[Any], prefix: str, earlier: str) -> int:
    reader = aics_tlog.HttpTileReader([prefix], proxies={})
    size, root = _opened(key, witnesses, reader.read_checkpoint())
    if earlier:
        old_size, old_root = _opened(key, [], Path(earlier).read_bytes())
        if old_size > size:
            raise ValueError(f"the log had {old_size} entries and has {size}")
        tiles = aics_tlog.VerifiedTileReader(reader, size, root)
        proof = aics_tlog.consistency_proof_from_tiles(tiles, old_size, size)
        if not aics_tlog.verify_consistency(old_size, size, old_root, root, proof):
            raise ValueError("the log does not go on from what it was")
    aics_tlog.audit_tiles(reader, size, root, entries=True)
    return size


def _opened(key: Any, witnesses: list[Any], content: bytes) -> tuple[int, bytes]:
    result = aics_tlog.verify_checkpoint(aics_tlog.parse_note(content), key, witnesses, len(witnesses))
    if not result.ok or result.origin != key.name:
        raise ValueError(result.error or "another origin")
    return result.size, result.root


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
