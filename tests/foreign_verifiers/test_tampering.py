"""5,000 random changes to logs: ours refuses each and names the first entry that does not fit; so does one of theirs.

What nobody can see without a checkpoint that was seen before (an old snapshot, a fork signed by the log's own key) is
shown with one. fsck takes none, so it is not asked about these.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import pytest

from paaskit.ed25519 import Ed25519
from tests.abuse.seeds import SEED
from tests.fixtures.written_log import a_key
from tests.foreign_verifiers import verdicts
from tests.foreign_verifiers.programs import Programs
from tests.foreign_verifiers.serving import served
from tests.foreign_verifiers.tampering import KINDS, LARGE, SIZES, Tampered, original, tampered
from tests.foreign_verifiers.verdicts import Log
from transparency.failures import Misfit, NotServed, NotVerified
from transparency.notes.checkpoints import opened
from transparency.verification import verify_log

COUNT: Final = 5_000
_ASKED_OF_AICS: Final = 40 * len(KINDS)
_ASKED_OF_FSCK: Final = 3 * len(KINDS)
# What fsck is for. It looks at no more of a bundle than it needs, and a bit may be one that base64 has no use for.
_SEEN_BY_FSCK: Final = {
    "entry edited",
    "entry deleted",
    "entries swapped",
    "rewritten history",
    "re-signed",
    "restated",
}
KEY: Final = a_key()


@pytest.fixture(scope="module")
def logs() -> Sequence[Tampered]:
    """All of them, each kind as often as any other."""
    print(f"PAAS_ABUSE_SEED={SEED}")
    random, kinds = Random(SEED), list(KINDS)
    return [tampered(kinds[at % len(kinds)], random) for at in range(COUNT)]


def refusal(log: Tampered) -> NotVerified | None:
    """Why ours does not believe a log, None where it does."""

    def fetch(path: str) -> bytes:
        content = log.find(path)
        if content is None:
            raise NotServed(path)
        return content

    before = None if log.remembered is None else opened(log.remembered, KEY, Ed25519()).checkpoint
    try:
        verify_log(fetch, key=KEY, ed25519=Ed25519(), remembered=before)
    except NotVerified as error:
        return error
    return None


class _Served:
    """Logs below their numbers, and the checkpoints that are remembered of them in files."""

    def __init__(self, logs: Sequence[Tampered], folder: Path) -> None:
        self._logs = logs
        self._folder = folder
        self._files: dict[bytes, Path] = {}

    def find(self, path: str) -> bytes | None:
        number, _, rest = path[1:].partition("/")
        return self._logs[int(number)].find(rest)

    def at(self, url: str) -> list[Log]:
        return [Log(f"{url}/{number}/", self._file(log.remembered)) for number, log in enumerate(self._logs)]

    def _file(self, remembered: bytes | None) -> Path | None:
        if remembered is None:
            return None
        if remembered not in self._files:
            self._files[remembered] = self._folder / f"checkpoint-{len(self._files)}"
            self._files[remembered].write_bytes(remembered)
        return self._files[remembered]


def test_ours_refuses_every_one_and_names_the_first_entry(logs: Sequence[Tampered]) -> None:
    for number, log in enumerate(logs):
        error = refusal(log)
        assert error is not None, (number, log.kind)
        if log.index is not None:
            assert isinstance(error, Misfit)
            assert error.index == log.index, (number, log.kind)


def test_theirs_refuse_every_one(programs: Programs, logs: Sequence[Tampered], tmp_path: Path) -> None:
    """Each has something it forgives: Go's libraries another base64, aics-tlog a last newline that is missing."""
    here = _Served(logs, tmp_path)
    with served(here.find) as url:
        where = here.at(url)
        of_go = verdicts.of_go(programs, KEY, where)
        forgiven = [number for number, verdict in enumerate(of_go) if verdict.accepted]
        assert {logs[number].kind for number in forgiven} <= {"bit flip"}
        asked = sorted({*range(_ASKED_OF_AICS), *forgiven})
        of_aics = dict(zip(asked, verdicts.of_aics(programs, KEY, [where[number] for number in asked]), strict=True))
    assert [number for number in forgiven if of_aics[number].accepted] == [], "one of them refuses each"
    print(f"of {COUNT}, Go's libraries forgave {len(forgiven)}; of {len(asked)}, aics-tlog", end=" ")
    print(sum(verdict.accepted for verdict in of_aics.values()))
    assert {logs[number].kind for number, verdict in of_aics.items() if not verdict.accepted} == set(KINDS)
    assert sum(verdict.accepted for verdict in of_aics.values()) <= len(asked) // 100


def test_fsck_refuses_what_it_is_for(programs: Programs, logs: Sequence[Tampered], tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text(KEY.text)
    here = _Served(logs, tmp_path)
    with served(here.find) as url:
        for log, where in zip(logs[:_ASKED_OF_FSCK], here.at(url), strict=False):
            if log.kind in _SEEN_BY_FSCK:
                verdict = verdicts.of_fsck(programs, key_file, where, patience=verdicts.FSCK_GIVES_UP)
                assert not verdict.accepted, log.kind


def test_what_was_not_tampered_with_is_accepted_by_all(programs: Programs, tmp_path: Path) -> None:
    """The control: the same logs, served in the same way, with every memory of them."""
    wholes = [original(size) for size in (*SIZES, LARGE)]
    logs = [
        Tampered("none", whole.log.files, remembered=memory)
        for whole in wholes
        for memory in (None, whole.half, whole.now)
    ]
    assert [refusal(log) for log in logs] == [None] * len(logs)
    key_file = tmp_path / "key"
    key_file.write_text(KEY.text)
    here = _Served(logs, tmp_path)
    with served(here.find) as url:
        where = here.at(url)
        found = [*verdicts.of_go(programs, KEY, where), *verdicts.of_aics(programs, KEY, where)]
        found += [verdicts.of_fsck(programs, key_file, each) for each in where[:: len(SIZES)]]
    assert [verdict.text for verdict in found if not verdict.accepted] == []
