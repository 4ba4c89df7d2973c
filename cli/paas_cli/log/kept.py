# Strings for paths: pathlib costs more to import than everything of its own that a command imports.
# ruff: noqa: PTH110, PTH118
"""What is kept of each log between runs: the last checkpoint that was seen, the keys that signed it, and evidence.

A file for each log in this user's own folder, mode 0600, replaced as a whole. What it says only ever goes forward,
however many processes write: whoever writes holds its lock and has seen what is in it.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from paas_cli.errors import Failure
from paas_cli.files import private_file
from paas_cli.files.file_lock import locked
from paas_cli.files.file_name import escaped
from paas_cli.signin import profile
from transparency.failures import Malformed
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.keys import VerifierKey, parsed_key

_LONGEST_NAME = 100


@dataclass(frozen=True)
class Kept:
    """What is remembered of a log. `note` is its checkpoint as it was served, first seen at `seen_at`, in seconds since
    1970; `keys` signed it. The entries before `verified` were found to be what the log committed to.
    """

    origin: str
    keys: tuple[VerifierKey, ...]
    note: bytes = field(repr=False)
    seen_at: int
    verified: int

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The note's checkpoint, whose signatures were verified before it was kept."""
        return checkpoints.parsed(signed.parsed(self.note).text)


class Memory:
    """What this user's clients remember of logs."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._folder = os.path.join(profile.own_folder(environ), "logs")

    def path(self, origin: str) -> str:
        """The file of a log."""
        return os.path.join(self._folder, f"{_file_name(origin)}.json")

    def read(self, origin: str) -> Kept | None:
        """Return what is remembered of a log, None where nothing is. Raises Failure where it can't be trusted."""
        content = private_file.read(self.path(origin), exactly_0600=True)
        if content is None:
            return None
        try:
            kept = _decoded(content)
            if kept.origin == origin == kept.checkpoint.origin and kept.keys:
                return kept
        except (ValueError, KeyError, TypeError, AttributeError, Malformed):
            pass
        raise Failure(
            f"{self.path(origin)} is not as `paas` wrote it, so it is not known what was seen of the log before; "
            "restore it from a backup, or remove it to trust the log anew."
        )

    def put(self, new: Kept, *, known: Kept | None, check_goes_on: Callable[[Checkpoint, Checkpoint], None]) -> Kept:
        """Remember `new`, which was found to go on from `known`, unless others have got further; what is remembered.

        Where others have written meanwhile, `check_goes_on` is asked about the older and the newer checkpoint; it
        raises what this then raises. Raises Failure where it can't be written.
        """
        while True:
            with locked(self.path(new.origin)):
                now = self.read(new.origin)
                is_behind = now is not None and now.checkpoint.size > new.checkpoint.size
                if now == known and not is_behind:
                    if new != now:
                        private_file.write(self.path(new.origin), _encoded(new))
                    return new
            if now is not None and is_behind:
                check_goes_on(new.checkpoint, now.checkpoint)
                return now
            if now is not None:
                check_goes_on(now.checkpoint, new.checkpoint)
                new = replace(new, verified=max(new.verified, now.verified))
            known = now

    def put_verified(self, origin: str, size: int) -> None:
        """Remember that the entries before `size` were verified. Raises Failure where it can't be written."""
        with locked(self.path(origin)):
            now = self.read(origin)
            if now is not None and now.verified < size <= now.checkpoint.size:
                private_file.write(self.path(origin), _encoded(replace(now, verified=size)))

    def put_evidence(self, remembered: Kept, served: bytes) -> tuple[str, str]:
        """Keep two notes of a log that has two histories; their files.

        Of what does not go on from one checkpoint, the first is kept: a log that goes on so fills no disk.
        """
        name = f"{_file_name(remembered.origin)}.{sha256(remembered.note).hexdigest()[:16]}"
        before, after = (os.path.join(self._folder, "evidence", f"{name}.{which}") for which in ("before", "after"))
        with locked(before):
            if not os.path.exists(after):
                private_file.write(before, remembered.note)
                private_file.write(after, served)
        return before, after


def _file_name(origin: str) -> str:
    name = escaped(origin)
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}_{sha256(origin.encode()).hexdigest()}"


def _encoded(kept: Kept) -> bytes:
    document = {
        "origin": kept.origin,
        "keys": [key.text for key in kept.keys],
        "seen_at": kept.seen_at,
        "verified": kept.verified,
        "checkpoint": kept.note.decode(),
    }
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def _decoded(content: bytes) -> Kept:
    document = json.loads(content)
    keys = tuple(parsed_key(text) for text in document["keys"])
    seen_at, verified = document["seen_at"], document["verified"]
    if type(seen_at) is not int or type(verified) is not int:
        raise ValueError
    return Kept(document["origin"], keys, document["checkpoint"].encode(), seen_at, verified)
